import { CpuidFeature, Decoder, DecoderOptions, Instruction as IcedInstruction, MemorySizeExt, Mnemonic, OpKind, Register as IcedRegister, Code } from 'iced-x86';
import type { CodeMode } from '../../src/encoding/decoder.js';
import type { EncodingRow, Instruction, Operand } from '../../src/encoding/instruction.js';

/** The decoder of iced-x86, set to an old processor, and one textual form into which its instructions and ours are brought for comparison. */

/** Bytes that each test case takes: the longest instruction and one more. */
export const CASE_BYTES = 16;

// Opcodes that later processors redefined decode as they did on the P6.
const OPTIONS = DecoderOptions.ForceReservedNop | DecoderOptions.NoPause | DecoderOptions.NoWbnoinvd | DecoderOptions.NoMPFX_0FBC | DecoderOptions.NoMPFX_0FBD;

/** Decodes cases of `CASE_BYTES` bytes that lie one after the other in a buffer. The result is one object that each call overwrites. */
export class Oracle {
  private readonly decoder: Decoder;
  readonly instruction = new IcedInstruction();

  constructor(mode: CodeMode, cases: Uint8Array) {
    this.decoder = new Decoder(mode.code32 ? 32 : 16, cases, OPTIONS);
  }

  decode(caseNumber: number): IcedInstruction {
    this.decoder.position = caseNumber * CASE_BYTES;
    this.decoder.decodeOut(this.instruction);
    return this.instruction;
  }

  free(): void {
    this.instruction.free();
    this.decoder.free();
  }
}

/** Feature sets of the instructions up to the Pentium Pro, as iced names them. */
const PENTIUM_PRO_FEATURES: ReadonlySet<CpuidFeature> = new Set([
  CpuidFeature.INTEL8086, CpuidFeature.INTEL186, CpuidFeature.INTEL286, CpuidFeature.INTEL386, CpuidFeature.INTEL486,
  CpuidFeature.CPUID, CpuidFeature.CX8, CpuidFeature.CMOV, CpuidFeature.MSR, CpuidFeature.TSC, CpuidFeature.RDPMC, CpuidFeature.MULTIBYTENOP,
  CpuidFeature.FPU, CpuidFeature.FPU287, CpuidFeature.FPU387,
  CpuidFeature.FXSR, // a processor has it or not by a bit of `Feature`
]);

/**
 * iced counts 0F 0D to the reserved NOPs, like 0F 18-1F. The P6's hint NOPs begin at 0F 18; 0F 0D came with AMD's 3DNow! (PREFETCH, PREFETCHW)
 * and became a NOP on Intel's first 64-bit processors.
 */
const NOT_ON_PENTIUM_PRO: ReadonlySet<Code> = new Set([Code.Reservednop_rm16_r16_0F0D, Code.Reservednop_rm32_r32_0F0D]);

const onPentiumPro = new Map<Code, boolean>();

/** Whether iced's instruction belongs to the Pentium Pro's set. */
export function isPentiumPro(iced: IcedInstruction): boolean {
  let known = onPentiumPro.get(iced.code);
  if (known === undefined) {
    const features = [...iced.cpuidFeatures()] as CpuidFeature[];
    known = !NOT_ON_PENTIUM_PRO.has(iced.code) && features.every((feature) => PENTIUM_PRO_FEATURES.has(feature));
    onPentiumPro.set(iced.code, known);
  }
  return known;
}

/** iced's mnemonics for ours, where it is not ours with a capital letter. */
const ICED_MNEMONICS: Readonly<Record<string, readonly string[]>> = {
  imul2: ['Imul'], imul3: ['Imul'],
  shl: ['Shl', 'Sal'],
  cbw: ['Cbw', 'Cwde'], cwd: ['Cwd', 'Cdq'],
  xlat: ['Xlatb'],
  pusha: ['Pusha', 'Pushad'], popa: ['Popa', 'Popad'], pushf: ['Pushf', 'Pushfd'], popf: ['Popf', 'Popfd'],
  'push-sreg': ['Push'], 'pop-sreg': ['Pop'], 'mov-sreg': ['Mov'], 'load-sreg': ['Mov'],
  'jmp-indirect': ['Jmp'], jmpf: ['Jmp'], 'call-indirect': ['Call'], callf: ['Call'],
  jcxz: ['Jcxz', 'Jecxz'],
  iret: ['Iret', 'Iretd'],
  movs: ['Movsb', 'Movsw', 'Movsd'], cmps: ['Cmpsb', 'Cmpsw', 'Cmpsd'], scas: ['Scasb', 'Scasw', 'Scasd'], lods: ['Lodsb', 'Lodsw', 'Lodsd'],
  stos: ['Stosb', 'Stosw', 'Stosd'], ins: ['Insb', 'Insw', 'Insd'], outs: ['Outsb', 'Outsw', 'Outsd'],
  nop: ['Nop', 'Reservednop'],
  ud2: ['Ud2', 'Ud1', 'Ud0'],
  fwait: ['Wait'],
  'mov-from-cr': ['Mov'], 'mov-to-cr': ['Mov'], 'mov-from-dr': ['Mov'], 'mov-to-dr': ['Mov'],
};

/** What our mnemonics of x87 instructions say of their operands. */
const X87_VARIANT = /-(m16|m32|m64|m80|to)$/;

/** Names by which iced may call an instruction of this row. */
export function icedMnemonics(row: EncodingRow): readonly string[] {
  if (row.mnemonic === 'load-far-pointer') return [`L${row.operands[0].toLowerCase()}`]; // LES, LSS, …
  if (X87_VARIANT.test(row.mnemonic)) return icedMnemonics({ ...row, mnemonic: row.mnemonic.replace(X87_VARIANT, '') });
  return ICED_MNEMONICS[row.mnemonic] ?? [row.mnemonic[0].toUpperCase() + row.mnemonic.slice(1)];
}

export function icedMnemonic(iced: IcedInstruction): string {
  return Mnemonic[iced.mnemonic];
}

function icedRegister(register: IcedRegister): string {
  if (register >= IcedRegister.AL && register <= IcedRegister.BH) return `r8:${register - IcedRegister.AL}`;
  if (register >= IcedRegister.AX && register <= IcedRegister.DI) return `r16:${register - IcedRegister.AX}`;
  if (register >= IcedRegister.EAX && register <= IcedRegister.EDI) return `r32:${register - IcedRegister.EAX}`;
  if (register >= IcedRegister.ES && register <= IcedRegister.GS) return `s:${register - IcedRegister.ES}`;
  if (register >= IcedRegister.CR0 && register <= IcedRegister.CR15) return `c:${register - IcedRegister.CR0}`;
  if (register >= IcedRegister.ST0 && register <= IcedRegister.ST7) return `st:${register - IcedRegister.ST0}`;
  if (register >= IcedRegister.DR0 && register <= IcedRegister.DR15) return `d:${register - IcedRegister.DR0}`;
  return IcedRegister[register];
}

const hex = (value: number): string => (value >>> 0).toString(16);

/** Address parts as text: registers carry the address size in their name, the displacement is truncated to it, scale counts only with an index. */
function addressText(segment: number, base: string, index: string, scale: number, displacement: number, addressSize: number): string {
  return `[${segment}:${base}+${index}*${index === '' ? 0 : scale}+${hex(addressSize === 16 ? displacement & 0xffff : displacement)}]`;
}

function icedAddress(iced: IcedInstruction, addressSize: number): string {
  const base = iced.memoryBase === IcedRegister.None ? '' : icedRegister(iced.memoryBase);
  // XLAT's AL is not expressible in our operand.
  const index = iced.memoryIndex === IcedRegister.None || iced.memoryIndex === IcedRegister.AL ? '' : icedRegister(iced.memoryIndex);
  const displacement = Number(BigInt.asIntN(32, iced.memoryDisplacement));
  return addressText(iced.memorySegment - IcedRegister.ES, base, index, iced.memoryIndexScale, displacement, addressSize);
}

const STRING_SOURCES = new Map<OpKind, string>([[OpKind.MemorySegSI, 'r16:6'], [OpKind.MemorySegESI, 'r32:6']]);
const STRING_DESTINATIONS = new Map<OpKind, string>([[OpKind.MemoryESDI, 'r16:7'], [OpKind.MemoryESEDI, 'r32:7']]);

function icedMemory(iced: IcedInstruction, kind: OpKind, addressSize: number): string {
  const size = 8 * MemorySizeExt.size(iced.memorySize);
  const source = STRING_SOURCES.get(kind);
  if (source !== undefined) return `m${size}${addressText(iced.memorySegment - IcedRegister.ES, source, '', 0, 0, addressSize)}`;
  const destination = STRING_DESTINATIONS.get(kind);
  if (destination !== undefined) return `m${size}${addressText(0, destination, '', 0, 0, addressSize)}`;
  return `m${size}${icedAddress(iced, addressSize)}`;
}

/** One operand of iced's as text. */
export function icedOperand(iced: IcedInstruction, number: number, addressSize: number): string {
  const kind = iced.opKind(number);
  switch (kind) {
    case OpKind.Register: return icedRegister(iced.opRegister(number));
    case OpKind.NearBranch16: return `j:${hex((iced.nearBranch16 - iced.nextIP16) & 0xffff)}`;
    case OpKind.NearBranch32: return `j:${hex(iced.nearBranch32 - iced.nextIP32)}`;
    case OpKind.FarBranch16: return `f:${hex(iced.farBranchSelector)}:${hex(iced.farBranch16)}`;
    case OpKind.FarBranch32: return `f:${hex(iced.farBranchSelector)}:${hex(iced.farBranch32)}`;
    case OpKind.Immediate8: return `i8:${hex(iced.immediate8)}`;
    case OpKind.Immediate8_2nd: return `i8:${hex(iced.immediate8_2nd)}`;
    case OpKind.Immediate16: return `i16:${hex(iced.immediate16)}`;
    case OpKind.Immediate32: return `i32:${hex(iced.immediate32)}`;
    case OpKind.Immediate8to16: return `i16:${hex(iced.immediate8to16 & 0xffff)}`;
    case OpKind.Immediate8to32: return `i32:${hex(iced.immediate8to32)}`;
    default: return icedMemory(iced, kind, addressSize);
  }
}

const SIZE_MASKS = { 8: 0xff, 16: 0xffff, 32: -1 } as const;

/** One operand of ours as text. */
export function ourOperand(operand: Operand, instruction: Instruction): string {
  const { operandSize, addressSize } = instruction;
  switch (operand.kind) {
    case 'register': return `r${operand.size}:${operand.index}`;
    case 'segment': return `s:${operand.index}`;
    case 'control': return `c:${operand.index}`;
    case 'debug': return `d:${operand.index}`;
    case 'stack': return `st:${operand.index}`;
    case 'immediate': return `i${operand.size}:${hex(operand.value & SIZE_MASKS[operand.size])}`;
    case 'relative': return `j:${hex(operand.value & SIZE_MASKS[operandSize])}`;
    case 'far': return `f:${hex(operand.selector)}:${hex(operand.offset)}`;
    case 'memory': {
      const register = (index: number): string => (index < 0 ? '' : `r${addressSize}:${index}`);
      return `m${operand.size}${addressText(operand.segment, register(operand.base), register(operand.index), 1 << operand.scale, operand.displacement, addressSize)}`;
    }
  }
}
