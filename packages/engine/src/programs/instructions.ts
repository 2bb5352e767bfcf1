import { byteSource, classify, decode, encodingRows, type EncodingRow } from '@ringbench/isa';
import type { Dice } from './dice.js';

/** Random instructions of the encoding rows. */

const PREFIXES = [0x66, 0x67, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0xf0, 0xf2, 0xf3] as const;
const TAIL_BYTES = 12;
const HEX = 16;
const REG_FIELD = 0x38;
const REG_SHIFT = 3;
/** Bytes of a displacement or immediate from here on make it large. */
const HIGH_BYTES = 2;
const WIDE = 4;
/** What shows the selectors of the last x87 instruction: under a monitor those of its own descriptors unless a trap came in between (docs/decisions/0012-deprivileged-guests.md). */
const SHOWS_X87_SELECTORS: readonly string[] = ['fnstenv', 'fnsave', 'fxsave'];

const usable = encodingRows.filter(({ mnemonic }) => !SHOWS_X87_SELECTORS.includes(mnemonic));
const isX87 = ({ mnemonic }: EncodingRow): boolean => mnemonic.startsWith('f');

/** Rows to choose from, by what they are for. */
export const ROWS = {
  all: usable,
  /** Goes on behind itself, needs no privilege and shows nothing privileged. */
  compute: usable.filter((row) => classify(row) === 'innocuous' && row.traits.endsBlock !== true && !isX87(row)),
  x87: usable.filter(isX87),
  sensitive: usable.filter((row) => classify(row) === 'sensitive'),
  privileged: usable.filter((row) => classify(row) !== 'innocuous'),
  control: usable.filter((row) => row.traits.endsBlock === true),
  strings: usable.filter((row) => row.traits.repeat !== undefined),
} as const satisfies Readonly<Record<string, readonly EncodingRow[]>>;

/** Opcode bytes of a row; `/digit` replaces the reg field of `modrm`, `+r` takes its low bits. */
function opcodeBytes({ opcode }: EncodingRow, modrm: number): number[] {
  return opcode.split(' ').map((part) => {
    if (part === '/r') return modrm;
    if (part.startsWith('/')) return (modrm & ~REG_FIELD) | (Number(part[1]) << REG_SHIFT);
    return parseInt(part, HEX) + (part.includes('+') ? modrm & 7 : 0);
  });
}

/** One instruction of a row: prefixes now and then, operands at random, displacements mostly small. `code32`: the D bit of the segment it is for. */
export function instructionOf(row: EncodingRow, dice: Dice, code32: boolean): readonly number[] {
  const prefixes = dice.oneIn(4) ? Array.from({ length: dice.between(1, 2) }, () => dice.pick(PREFIXES)) : [];
  const [modrm = 0, ...tail] = dice.bytes(TAIL_BYTES);
  const isNear = !dice.oneIn(4);
  const opcode = opcodeBytes(row, modrm);
  const bytes = [...prefixes, ...opcode, ...tail.map((byte, index) => (isNear && index % WIDE >= HIGH_BYTES ? 0 : byte))];
  const decoded = decode(byteSource(Uint8Array.from(bytes)), 0, { code32 });
  return bytes.slice(0, typeof decoded === 'string' ? prefixes.length + opcode.length : decoded.length);
}

const X87_ENVIRONMENT = { escapes: [0xd9, 0xdd], stores: 6, fxsave: 0xae } as const;
const REGISTER_MODE = 0xc0;

/** Whether bytes show x87 selectors when they are executed from any of them on. `FNSTENV` D9 /6, `FNSAVE` DD /6, `FXSAVE` 0F AE /0, all with a memory operand. */
export function showsX87Selectors(bytes: readonly number[]): boolean {
  return bytes.some((byte, index) => {
    const modrm = bytes[index + 1] ?? 0;
    if (modrm >= REGISTER_MODE) return false;
    const field = (modrm & REG_FIELD) >> REG_SHIFT;
    return byte === X87_ENVIRONMENT.fxsave ? field === 0 : X87_ENVIRONMENT.escapes.some((escape) => escape === byte) && field === X87_ENVIRONMENT.stores;
  });
}

const FROM_CONTROL = { escape: 0x0f, opcode: 0x20, directory: 3 } as const;
/**
 * Whether bytes leave the page directory's address in a register when they are executed from any of them on: `MOV r32, CR3` is 0F 20 /3. What runs from the middle of an instruction behind
 * would change the directory, and not invalidate.
 */
export function leavesDirectory(bytes: readonly number[]): boolean {
  const { escape, opcode, directory } = FROM_CONTROL;
  return bytes.some((byte, index) => byte === escape && bytes[index + 1] === opcode && ((bytes[index + 2] ?? 0) & REG_FIELD) >> REG_SHIFT === directory);
}

/** `count` instructions of these rows, or every tenth random bytes, without what `showsX87Selectors` or `leavesDirectory`. */
export function instructions(rows: readonly EncodingRow[], count: number, dice: Dice, { code32 = true, soup = false } = {}): number[] {
  const bytes: number[] = [];
  for (let made = 0; made < count; ) {
    const next = soup && dice.oneIn(10) ? [...dice.bytes(dice.between(1, 6))] : instructionOf(dice.pick(rows), dice, code32);
    if (showsX87Selectors([...bytes.slice(-1), ...next]) || leavesDirectory([...bytes.slice(-2), ...next])) continue;
    bytes.push(...next);
    made++;
  }
  return bytes;
}
