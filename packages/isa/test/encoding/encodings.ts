import type { CodeMode } from '../../src/encoding/decoder.js';
import { opcodeTableOf } from '../../src/encoding/instruction-set.js';
import { OPCODES_PER_MAP } from '../../src/encoding/opcode-table.js';
import { CASE_BYTES } from './oracle.js';
import { Random } from './random.js';

/** Encodings to compare: systematic ones, and random bytes. */

const OPERAND_SIZE = 0x66;
const ADDRESS_SIZE = 0x67;
const ESCAPE = 0x0f;
const SEGMENT_PREFIXES = [0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65] as const;
const PREFIX_BYTES: ReadonlySet<number> = new Set([...SEGMENT_PREFIXES, OPERAND_SIZE, ADDRESS_SIZE, 0xf0, 0xf2, 0xf3]);

export const MODES: readonly CodeMode[] = [{ code32: true }, { code32: false }];
export const SIZE_PREFIXES: readonly (readonly number[])[] = [[], [OPERAND_SIZE], [ADDRESS_SIZE], [OPERAND_SIZE, ADDRESS_SIZE]];

/** Every opcode as bytes, with its number in the opcode table; prefixes and the escape are none. */
function opcodes(): { number: number; bytes: number[] }[] {
  const all = Array.from({ length: OPCODES_PER_MAP }, (_, byte) => byte);
  return [
    ...all.filter((byte) => byte !== ESCAPE && !PREFIX_BYTES.has(byte)).map((byte) => ({ number: byte, bytes: [byte] })),
    ...all.map((byte) => ({ number: OPCODES_PER_MAP + byte, bytes: [ESCAPE, byte] })),
  ];
}

/** A segment override in one of three cases. */
export function someSegment(random: Random): number[] {
  return random.below(3) === 0 ? [SEGMENT_PREFIXES[random.below(SEGMENT_PREFIXES.length)]] : [];
}

/** Cases of `CASE_BYTES`, each the given bytes followed by random ones: SIB, displacement, immediates. */
export function buildCases(heads: readonly (readonly number[])[], seed: number): Uint8Array {
  const random = new Random(seed);
  const cases = new Uint8Array(heads.length * CASE_BYTES);
  heads.forEach((head, number) => {
    for (let index = 0; index < CASE_BYTES; index++) cases[number * CASE_BYTES + index] = index < head.length ? head[index] : random.below(256);
  });
  return cases;
}

const ALL_MODRM = Array.from({ length: 256 }, (_, byte) => byte);
/** Stands for the byte after an opcode that has no ModR/M byte or no row. */
const SOME_BYTES = [0x00, 0x01, 0x04, 0x7f, 0x80, 0xc0, 0xe4, 0xff] as const;

/**
 * Every opcode under one combination of sizes, some with a segment override: with every ModR/M byte if our table says that it has one (if that is
 * wrong, the lengths differ from iced's), otherwise with some bytes.
 */
export function systematicHeads(sizes: readonly number[], seed: number): number[][] {
  const random = new Random(seed);
  const table = opcodeTableOf();
  return opcodes().flatMap(({ number, bytes }) => {
    const following = table[number]?.modrm === true ? ALL_MODRM : SOME_BYTES;
    return following.map((byte) => [...someSegment(random), ...sizes, ...bytes, byte]);
  });
}

/** MOV with every SIB byte and every mod, under each address size. */
export function sibHeads(sizes: readonly number[], seed: number): number[][] {
  const MOV = 0x8b;
  const MOD_STEP = 0x40;
  const RM_SIB = 4;
  const random = new Random(seed);
  return [0, 1, 2].flatMap((mod) => ALL_MODRM.map((sib) => [...someSegment(random), ...sizes, MOV, mod * MOD_STEP + RM_SIB, sib]));
}

/** Random bytes with the parts of an instruction made likely: some prefixes, the escape in every third case. */
export function randomHeads(count: number, seed: number): number[][] {
  const random = new Random(seed);
  const prefixes = [...PREFIX_BYTES];
  return Array.from({ length: count }, () => {
    const some = Array.from({ length: random.below(4) }, () => prefixes[random.below(prefixes.length)]);
    return [...some, ...(random.below(3) === 0 ? [ESCAPE] : []), random.below(256)];
  });
}

/** Bytes of a case for a message. */
export function hexBytes(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
}
