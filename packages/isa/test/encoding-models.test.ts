import { CpuidFeature, Decoder, DecoderOptions, type Code, type Instruction as IcedInstruction } from 'iced-x86';
import { describe, expect, it } from 'vitest';
import { CPU_MODELS, CPU_MODEL_NAMES, Feature, byteSource, decode, encodingRows, hasInstruction, instructionSet, type CpuModelName, type EncodingRow } from '../src/index.js';
import { buildCases, hexBytes, systematicHeads } from './encoding/encodings.js';
import { CASE_BYTES, isPentiumPro } from './encoding/oracle.js';

/** Which instructions each CPU model has: every opcode and ModR/M byte on every model against iced-x86's feature sets, and what iced does not know by hand. */

const REPORTED = 10;
const TIMEOUT = 60_000;

const OF_386 = [CpuidFeature.INTEL8086, CpuidFeature.INTEL186, CpuidFeature.INTEL286, CpuidFeature.INTEL386, CpuidFeature.FPU, CpuidFeature.FPU287, CpuidFeature.FPU387, CpuidFeature.MOV_TR];
const OF_486 = [...OF_386, CpuidFeature.INTEL486];
const OF_PENTIUM = [...OF_486.filter((feature) => feature !== CpuidFeature.MOV_TR), CpuidFeature.CPUID, CpuidFeature.CX8, CpuidFeature.MSR, CpuidFeature.TSC];
const ICED_FEATURES: Readonly<Record<CpuModelName, ReadonlySet<CpuidFeature>>> = {
  i386: new Set(OF_386), i486: new Set(OF_486), i586: new Set(OF_PENTIUM), i686: new Set([...OF_PENTIUM, CpuidFeature.CMOV, CpuidFeature.RDPMC, CpuidFeature.MULTIBYTENOP]),
};

/** Moves with CR4 and with test registers but TR6 and TR7: iced does not say which models have those. */
function isExtraRegister(head: readonly number[]): boolean {
  const [escape, opcode, modrm] = head.slice(head.indexOf(0x0f));
  const register = (modrm >> 3) & 7;
  return escape === 0x0f && (((opcode === 0x20 || opcode === 0x22) && register === 4) || ((opcode === 0x24 || opcode === 0x26) && register < 6));
}

const known = new Map<Code, readonly CpuidFeature[]>();
function isOfModel(iced: IcedInstruction, model: CpuModelName): boolean {
  if (iced.isInvalid) return false;
  const features = known.get(iced.code) ?? ([...iced.cpuidFeatures()] as CpuidFeature[]);
  known.set(iced.code, features);
  // Of what later processors have, isPentiumPro knows more than iced's feature sets.
  return (features.includes(CpuidFeature.MOV_TR) || isPentiumPro(iced)) && features.every((feature) => ICED_FEATURES[model].has(feature));
}

/** Differences in what is an instruction, and the rows met. */
function compareModel(model: CpuModelName): { differences: string[]; seen: Set<EncodingRow> } {
  // The systematic cases have each ModR/M byte only of opcodes that the latest processor has.
  const heads = systematicHeads([], 1).filter((head) => !isExtraRegister(head));
  heads.push(...[0x24, 0x26].flatMap((opcode) => Array.from({ length: 256 }, (_, modrm) => [0x0f, opcode, modrm])).filter((head) => !isExtraRegister(head)));
  const cases = buildCases(heads, 1);
  const options = DecoderOptions.ForceReservedNop | DecoderOptions.NoPause | DecoderOptions.NoWbnoinvd | DecoderOptions.NoMPFX_0FBC | DecoderOptions.NoMPFX_0FBD | DecoderOptions.MovTr;
  const decoder = new Decoder(32, cases, options);
  const source = byteSource(cases);
  const differences: string[] = [];
  const seen = new Set<EncodingRow>();
  for (let at = 0; at < cases.length; at += CASE_BYTES) {
    decoder.position = at;
    const iced = decoder.decode();
    const ours = decode(source, at, { code32: true, features: CPU_MODELS[model].features });
    if (typeof ours !== 'string') seen.add(ours.row);
    const expected = isOfModel(iced, model);
    if ((typeof ours !== 'string') !== expected) differences.push(`${hexBytes(cases.subarray(at, at + 4))}: ${typeof ours === 'string' ? ours : ours.row.mnemonic}, iced ${expected ? 'has' : 'has not'} it`);
    iced.free();
  }
  decoder.free();
  return { differences, seen };
}

const on = (model: CpuModelName, ...bytes: number[]): string => {
  const result = decode(byteSource(Uint8Array.from(bytes)), 0, { code32: true, features: CPU_MODELS[model].features });
  return typeof result === 'string' ? result : result.row.mnemonic;
};
const onAll = (...bytes: number[]): string[] => CPU_MODEL_NAMES.map((model) => on(model, ...bytes));

describe.each(CPU_MODEL_NAMES)('%s', (model) => {
  it('decodes exactly its own instructions', () => {
    const { differences, seen } = compareModel(model);
    expect(differences.slice(0, REPORTED)).toEqual([]);
    const missing = instructionSet(CPU_MODELS[model].features).filter((row) => !seen.has(row) && !/^0F (2[02] \/4|2[46] \/[345])$/.test(row.opcode));
    expect(missing.map((row) => `${row.mnemonic} ${row.opcode}`)).toEqual([]);
  }, TIMEOUT);
});

describe('models', () => {
  it('every row is in at least one model or came with the Pentium II', () => {
    const nowhere = encodingRows.filter((row) => CPU_MODEL_NAMES.every((model) => !hasInstruction(CPU_MODELS[model].features, row)));
    expect(nowhere.map((row) => row.mnemonic)).toEqual(['fxsave', 'fxrstor']);
    expect(nowhere.every((row) => hasInstruction(CPU_MODELS.i686.features | Feature.FXSR, row))).toBe(true);
  });

  it('options do not change the instruction set', () => {
    expect(instructionSet(Feature.V386 | Feature.FPU)).toEqual(instructionSet(0));
  });

  it.each([
    ['MOV EAX, CR4', [0x0f, 0x20, 0xe0], ['undefined', 'undefined', 'mov-from-cr', 'mov-from-cr']],
    ['MOV CR4, EAX', [0x0f, 0x22, 0xe0], ['undefined', 'undefined', 'mov-to-cr', 'mov-to-cr']],
    ['MOV EAX, CR3', [0x0f, 0x20, 0xd8], ['mov-from-cr', 'mov-from-cr', 'mov-from-cr', 'mov-from-cr']],
    ['MOV EAX, TR3', [0x0f, 0x24, 0xd8], ['undefined', 'mov-from-tr', 'undefined', 'undefined']],
    ['MOV EAX, TR2', [0x0f, 0x24, 0xd0], ['undefined', 'undefined', 'undefined', 'undefined']],
    ['MOV TR6, EAX', [0x0f, 0x26, 0xf0], ['mov-to-tr', 'mov-to-tr', 'undefined', 'undefined']],
    ['LOCK BT', [0xf0, 0x0f, 0xa3, 0x03], ['bt', 'bad-lock', 'bad-lock', 'bad-lock']],
    ['LOCK BTS', [0xf0, 0x0f, 0xab, 0x03], ['bts', 'bts', 'bts', 'bts']],
    ['LOCK BT of a register', [0xf0, 0x0f, 0xa3, 0xc3], ['bad-lock', 'bad-lock', 'bad-lock', 'bad-lock']],
    ['UD2', [0x0f, 0x0b], ['ud2', 'ud2', 'ud2', 'ud2']],
  ] as const)('%s', (_, bytes, expected) => {
    expect(onAll(...bytes)).toEqual(expected);
  });

  it('an opcode that a model does not have is undefined before the byte behind it is fetched', () => {
    expect([on('i386', 0x0f, 0xb1), on('i486', 0x0f, 0xb1)]).toEqual(['undefined', 'truncated']);
  });
});
