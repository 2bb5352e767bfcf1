import fc from 'fast-check';
import { byteSource, decode, encodingRows, type EncodingRow } from '@ringbench/isa';

/**
 * Programs of bytes that nobody wrote: random bytes, and random instructions one behind the other, with what they start from. Everything that a run
 * depends on is in the value, so that fast-check can shrink a failure and a seed repeats it.
 */

/** What the code is executed as. The number of bits is the default operand size of the first code segment. */
export const SOUP_MODES = ['real', 'flat32', 'flat32-user', 'segmented16', 'segmented32-user', 'paged32', 'paged32-user', 'virtual8086', 'paged-virtual8086'] as const;
export type SoupMode = (typeof SOUP_MODES)[number];

export interface Soup {
  readonly mode: SoupMode;
  readonly pieces: readonly Piece[];
  /** The general registers in encoding order. */
  readonly registers: readonly number[];
  readonly flags: number;
  /** Of tables, handlers and what else is in memory. */
  readonly seed: number;
  /** Handlers of exceptions run soup too; otherwise they step over what faulted. */
  readonly handlersAreSoup: boolean;
  /** Lengths in instructions into which a run is cut, used over and over. */
  readonly slices: readonly number[];
}

/** Raw bytes, or an instruction of a row whose other bytes are `tail`, cut where the instruction ends. */
export type Piece = { readonly bytes: Uint8Array } | { readonly row: EncodingRow; readonly prefixes: readonly number[]; readonly tail: Uint8Array; readonly near: boolean };

const PREFIXES = [0x66, 0x67, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0xf0, 0xf2, 0xf3] as const;
const TAIL_BYTES = 11;
const REGISTERS = 8;
const POINTERS = 0x20000;
/** RAM of the machine. Not a multiple of 64 KiB, so that linear memory goes on behind it. */
export const SOUP_RAM_BYTES = 0x42000;
const HEX = 16;
/** Offsets of the bytes of a displacement or immediate that make it large. */
const HIGH_BYTES = 2;

const bytePiece: fc.Arbitrary<Piece> = fc.record({ bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }) });
const instructionPiece: fc.Arbitrary<Piece> = fc.record({
  row: fc.constantFrom(...encodingRows),
  prefixes: fc.oneof({ weight: 3, arbitrary: fc.constant<number[]>([]) }, { weight: 1, arbitrary: fc.array(fc.constantFrom(...PREFIXES), { minLength: 1, maxLength: 2 }) }),
  tail: fc.uint8Array({ minLength: TAIL_BYTES, maxLength: TAIL_BYTES }),
  near: fc.boolean(),
});
const registerValue = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: POINTERS }) }, { weight: 1, arbitrary: fc.integer({ min: -2, max: 40 }) },
  { weight: 1, arbitrary: fc.integer() }, { weight: 1, arbitrary: fc.constantFrom(0xffff, 0xfffe, -0x80000000, 0x7fffffff, 0xfff, 0x1fff, 0x400000, SOUP_RAM_BYTES - 2, SOUP_RAM_BYTES) },
);

export const soups: fc.Arbitrary<Soup> = fc.record({
  mode: fc.constantFrom(...SOUP_MODES),
  pieces: fc.array(fc.oneof({ weight: 1, arbitrary: bytePiece }, { weight: 5, arbitrary: instructionPiece }), { minLength: 1, maxLength: 40 }),
  registers: fc.array(registerValue, { minLength: REGISTERS, maxLength: REGISTERS }),
  flags: fc.integer(),
  seed: fc.integer(),
  handlersAreSoup: fc.integer({ min: 0, max: 9 }).map((dice) => dice === 0),
  slices: fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 8 }),
});

/** Opcode bytes of a row, ModR/M included where a row fixes a part of it. */
function opcodeBytes({ opcode }: EncodingRow, modrm: number): number[] {
  return opcode.split(' ').map((part) => {
    if (part === '/r') return modrm;
    if (part.startsWith('/')) return (modrm & ~0x38) | (Number(part[1]) << 3);
    return parseInt(part, HEX) + (part.includes('+') ? modrm & 7 : 0);
  });
}

function instructionBytes({ row, prefixes, tail, near }: Extract<Piece, { row: EncodingRow }>, code32: boolean): number[] {
  const opcode = opcodeBytes(row, tail[0]);
  // Large displacements lead out of memory, where nothing happens.
  const rest = [...tail.subarray(1)].map((byte, i) => (near && i % 4 >= HIGH_BYTES ? 0 : byte));
  const bytes = [...prefixes, ...opcode, ...rest];
  const instruction = decode(byteSource(Uint8Array.from(bytes)), 0, { code32 });
  return typeof instruction === 'string' ? bytes.slice(0, prefixes.length + opcode.length) : bytes.slice(0, instruction.length);
}

export const isCode32 = (mode: SoupMode): boolean => mode.includes('32');

/** The code of a soup. */
export function soupBytes({ mode, pieces }: Soup): Uint8Array {
  return Uint8Array.from(pieces.flatMap((piece) => ('bytes' in piece ? [...piece.bytes] : instructionBytes(piece, isCode32(mode)))));
}

/** A soup in one line, for a report: what a program needs to be run again by hand. */
export function describeSoup(soup: Soup): string {
  const code = [...soupBytes(soup)].map((byte) => byte.toString(HEX).padStart(2, '0')).join('');
  const registers = soup.registers.map((value) => (value >>> 0).toString(HEX)).join(' ');
  return `${soup.mode} ${code} registers ${registers} flags ${(soup.flags >>> 0).toString(HEX)} seed ${soup.seed} slices ${soup.slices.join()}${soup.handlersAreSoup ? ' handlers are soup' : ''}`;
}
