import fc from 'fast-check';
import { soupBytes, soups, type Piece, type Soup } from '../../../interpreter/test/support/soup-programs.js';
import { buildSystemProgram, systemPrograms, type Patch, type SystemProgram } from './system-programs.js';

/**
 * Programs that get hot: loops and calls around random instructions, with jumps over some of them, so that paths with different flags meet, and with stores
 * into their own code; and system programs. What else happens to a program while it runs is in `Stress`.
 */

/** What a run is exposed to besides its own doing; the same on both machines. */
export interface Stress {
  /** Lengths in instructions between two comparisons, used over and over. */
  readonly slices: readonly number[];
  /** Whether an edge comes at the NMI pin at the end of each slice. */
  readonly interrupts: boolean;
  /** Whether the TLBs are emptied at the end of each slice. */
  readonly flushes: boolean;
  /** Whether some bytes of the code are written, by a device as it were, at the end of each slice. */
  readonly changesCode: boolean;
  /** Whether a page-table entry of the code's pages is changed at the end of each slice; the TLBs may keep the old one. */
  readonly remaps: boolean;
  /** Whether the code that runs is the copy that lies across the end of its first page. */
  readonly straddles: boolean;
  /** Whether IF is set at the start. */
  readonly enablesInterrupts: boolean;
  /** Checks of the generated code are made to fail at one execution of so many, a mask; 0: at each. */
  readonly forces: { readonly mask: number } | undefined;
}

export interface LockstepProgram {
  readonly soup: Soup;
  /** What is written to memory before it begins. */
  readonly patches: readonly Patch[];
  readonly stress: Stress;
  readonly budget: number;
  /** What a system program was made from. */
  readonly system: SystemProgram | undefined;
}
/** Instructions of a program: many, because what is translated is to run, but not so many that comparing at the ends of short slices takes all the time. */
const MOST_INSTRUCTIONS = { loops: 6000, systems: 20_000 } as const;
const MOST_SLICES = 400;
const budgetOf = (most: number, { slices }: Stress): number => Math.min(most, Math.ceil((MOST_SLICES * slices.reduce((sum, slice) => sum + slice, 0)) / slices.length));

/** A jump over one piece, and what reads the flags where the two paths meet. */
interface Join {
  readonly piece: number;
  readonly condition: number;
  readonly reader: number;
}
/** A store into the code: in one of so many iterations, to a byte of it. */
interface CodeWrite {
  readonly offset: number;
  readonly everyPowerOfTwo: number;
}
interface Frills {
  readonly joins: readonly Join[];
  readonly writes: readonly CodeWrite[];
}

export const CODE = 0xa000;
export const PAGE = 0x1000;
/** Loop counters lie between the code and what the registers of a soup mostly point to. */
const COUNTERS = 0x2f000;
const PARTS = 3;
const MOST_JOINS = 12;
const FLAT_MODES = new Set(['flat32', 'flat32-user', 'paged32', 'paged32-user']);
/** lahf; setc bl; adc eax, ecx; sbb edx, 0; pushf, pop eax; seto [counter behind the others]; cmc; nothing. */
const READERS: readonly (readonly number[])[] = [
  [0x9f], [0x0f, 0x92, 0xc3], [0x11, 0xc8], [0x83, 0xda, 0x00], [0x9c, 0x58], [0x0f, 0x90, 0x05, 0x10, 0xf0, 0x02, 0x00], [0xf5], [],
];

export const word = (value: number): number[] => [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, (value >>> 24) & 0xff];

/** Pieces with the jumps over some of them. */
function joined(soup: Soup, pieces: readonly Piece[], first: number, joins: readonly Join[]): number[] {
  return pieces.flatMap((piece, i) => {
    const bytes = [...soupBytes({ ...soup, pieces: [piece] })];
    const join = joins.find((candidate) => candidate.piece === first + i);
    return join === undefined ? bytes : [0x70 | join.condition, bytes.length, ...bytes, ...READERS[join.reader]];
  });
}

/** `test byte [counter], 2^n-1; jnz over; inc byte [code]`. */
function write({ offset, everyPowerOfTwo }: CodeWrite, counter: number, code: number): number[] {
  return [0xf6, 0x05, ...word(COUNTERS + counter * 4), (1 << everyPowerOfTwo) - 1, 0x75, 6, 0xfe, 0x05, ...word(code + offset)];
}

/** A loop: counter set, body, `dec dword [counter]; jnz`. */
function loop(body: readonly number[], counter: number, times: number): number[] {
  const at = COUNTERS + counter * 4;
  return [0xc7, 0x05, ...word(at), ...word(times), ...body, 0xff, 0x0d, ...word(at), 0x0f, 0x85, ...word(-(body.length + 12))];
}

/** Loops around parts of the soup, one with a call to another part, and a jump back to the start behind them. */
function looped(soup: Soup, { joins, writes }: Frills, code: number): Soup {
  const size = Math.ceil(soup.pieces.length / PARTS);
  const [first, second, third] = Array.from({ length: PARTS }, (_, part) => joined(soup, soup.pieces.slice(part * size, (part + 1) * size), part * size, joins));
  const callee = [...second, 0xc3];
  const call = (distance: number): number[] => [0xe8, ...word(distance)];
  // jmp over the callee; the loops behind it call it.
  const head = [0xe9, ...word(callee.length), ...callee];
  const a = loop([...first, ...writes.flatMap((one) => write(one, 0, code))], 0, 40);
  const callAt = head.length + a.length + 10;
  const b = loop([...call(5 - callAt - 5), ...third], 1, 60);
  const inner = [...head, ...a, ...b];
  const bytes = [...inner, 0xe9, ...word(-(inner.length + 5))];
  return { ...soup, pieces: [{ bytes: Uint8Array.from(bytes) }] };
}

/** Where the copy of so many bytes begins that lies across the end of the first page of code; copies follow one another (`SoupMachine`). */
export const straddlingCopy = (bytes: number): number => bytes * Math.floor((PAGE - 1) / bytes);
export const lengthOf = (soup: Soup): number => soupBytes(soup).length;

const often = (of: number): fc.Arbitrary<boolean> => fc.integer({ min: 1, max: of }).map((dice) => dice === 1);
const stresses: fc.Arbitrary<Stress> = fc.record({
  slices: fc.oneof(fc.array(fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 60, max: 2500 })), { minLength: 1, maxLength: 6 }), fc.array(fc.integer({ min: 500, max: 5000 }), { minLength: 1, maxLength: 4 })),
  interrupts: fc.boolean(), flushes: often(3), changesCode: often(3), remaps: often(3), straddles: often(3), enablesInterrupts: fc.boolean(),
  forces: fc.oneof({ weight: 2, arbitrary: fc.constant(undefined) }, { weight: 3, arbitrary: fc.constantFrom(0, 1, 3, 15).map((mask) => ({ mask })) }),
});
const frills: fc.Arbitrary<Frills> = fc.record({
  joins: fc.array(fc.record({ piece: fc.integer({ min: 0, max: 39 }), condition: fc.integer({ min: 0, max: 15 }), reader: fc.integer({ min: 0, max: READERS.length - 1 }) }), { maxLength: MOST_JOINS }),
  writes: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.array(fc.record({ offset: fc.integer({ min: 0, max: 255 }), everyPowerOfTwo: fc.integer({ min: 0, max: 5 }) }), { minLength: 1, maxLength: 2 }) }),
});

/** Modes of which regions are made; one in eight of any mode. */
const loops: fc.Arbitrary<LockstepProgram> = fc.record({
  soup: fc.oneof({ weight: 7, arbitrary: soups.filter(({ mode }) => FLAT_MODES.has(mode)) }, { weight: 1, arbitrary: soups }),
  frills, stress: stresses,
}).map(({ soup, frills: extra, stress }) => {
  const program = looped(soup, extra, CODE);
  // The stores go to the copy that runs.
  return { soup: stress.straddles ? looped(soup, extra, CODE + straddlingCopy(lengthOf(program))) : program, patches: [], stress, budget: budgetOf(MOST_INSTRUCTIONS.loops, stress), system: undefined };
});
/** Their code stays where it is: they change it, and its mapping, by themselves. */
const systems: fc.Arbitrary<LockstepProgram> = fc.record({ system: systemPrograms, stress: stresses })
  .map(({ system, stress }) => ({ ...buildSystemProgram(system), stress: { ...stress, straddles: false, remaps: false, changesCode: false, enablesInterrupts: stress.enablesInterrupts || system.timer > 0 }, budget: budgetOf(MOST_INSTRUCTIONS.systems, stress), system }));

export const programs: fc.Arbitrary<LockstepProgram> = fc.oneof({ weight: 1, arbitrary: loops }, { weight: 2, arbitrary: systems });
