import { expect, test } from 'vitest';
import { Access, CR0, eventIndex, Flag, Segment, Word } from '@ringbench/isa';
import { NO_ENTRY, Region, TlbEntry } from '@ringbench/machine';
import { controlWritesOf, differencesBetween, malformations, translationViolations } from './support/soup-checks.js';
import { SoupMachine } from './support/soup-machine.js';
import { SOUP_RAM_BYTES, type Soup, type SoupMode } from './support/soup-programs.js';

/** The checks that byte soup relies on see what they are there to see: each is shown a machine in which just that is wrong. */

const BUDGET = 20;
const SLICES = [BUDGET];
const machine = new SoupMachine({ operations: [], pairs: [] });
/** Two that are given the same. */
const [one, other] = [new SoupMachine({ operations: [], pairs: [] }), new SoupMachine({ operations: [], pairs: [] })];
const soup = (mode: SoupMode): Soup => ({ mode, pieces: [{ bytes: Uint8Array.of(0x8b, 0x45, 0x00, 0x89, 0x45, 0x00) }], registers: Array.from({ length: 8 }, () => 0x10000), flags: Flag.FIXED, seed: 0, handlersAreSoup: false, slices: SLICES });

type Tamper = (state: Int32Array, its: SoupMachine) => void;
const set = (word: number, value: number): Tamper => (state) => void (state[word] = value);

const IMPOSSIBLE: readonly (readonly [name: string, mode: SoupMode, tamper: Tamper, problem: RegExp])[] = [
  ['an arithmetic flag among the system flags', 'flat32', (state) => (state[Word.FLAG_SYSTEM] |= Flag.CF), /FLAG_SYSTEM/],
  ['the fixed flag clear', 'flat32', (state) => (state[Word.FLAG_SYSTEM] &= ~Flag.FIXED), /FLAG_SYSTEM/],
  ['a reserved flag', 'flat32', (state) => (state[Word.FLAG_SYSTEM] |= 8), /FLAG_SYSTEM/],
  ['the zero word', 'flat32', set(Word.ZERO, 1), /zero word/],
  ['level 4', 'flat32', set(Word.CPL, 4), /^CPL is 4$/],
  ['level 1 in real mode', 'real', set(Word.CPL, 1), /CPL is 1 in real mode/],
  ['virtual-8086 mode at level 0', 'virtual8086', set(Word.CPL, 0), /virtual-8086 mode at CPL 0/],
  ['another level than CS has', 'flat32', set(Word.CPL, 2), /CPL 2, CS 8/],
  ['paging in real mode', 'real', (state) => (state[Word.CR0] |= CR0.PG), /paging without protection/],
  ['ET', 'flat32', (state) => (state[Word.CR0] &= ~CR0.ET), /CR0.ET/],
  ['the data tables of another level', 'flat32', (state) => (state[Word.DATA_TLB] = state[Word.DATA_TLB_OF_LEVEL + 3]), /another privilege level/],
  ['the code tables of another level', 'flat32', (state) => (state[Word.CODE_TLB] = state[Word.CODE_TLB_OF_LEVEL + 3]), /another privilege level/],
  ['a ninth x87 register', 'flat32', set(Word.X87_TOP, 8), /x87 words/],
  ['a wide selector', 'flat32', (state) => (state[Word.SELECTOR + Segment.FS] |= 0x10000), /selector 4/],
  ['reserved access bits', 'flat32', (state) => (state[Word.ACCESS + Segment.FS] |= 0x100), /access word 4/],
  ['a bound that is not the limit\'s', 'flat32', (state) => (state[Word.READ_TOP + Segment.GS] ^= 1), /bounds of segment 5/],
  ['a segment that may be written and must not', 'segmented32-user', (state) => (state[Word.WRITE_TOP + Segment.CS] = state[Word.READ_TOP + Segment.CS]), /bounds of segment 1/],
  ['a 16-bit CS in a 32-bit context', 'flat32', (state) => (state[Word.ACCESS + Segment.CS] &= ~Access.BIG), /sizes of the context/],
  ['a 16-bit SS in a 32-bit context', 'flat32', (state) => (state[Word.ACCESS + Segment.SS] &= ~Access.BIG), /sizes of the context/],
  ['a flat context without flat segments', 'flat32', (state) => (state[Word.BASE + Segment.DS] = 0x10), /context is flat/],
  ['a base in virtual-8086 mode', 'virtual8086', (state) => (state[Word.BASE + Segment.ES] += 0x10), /segment 0 of virtual-8086 mode/],
  ['a limit in virtual-8086 mode', 'virtual8086', (state) => (state[Word.LIMIT + Segment.ES] = 0xfffff), /segment 0 of virtual-8086 mode/],
];

test.each(IMPOSSIBLE)('malformations sees %s', (_name, mode, tamper, problem) => {
  machine.load(soup(mode));
  expect(malformations(machine, controlWritesOf(machine))).toEqual([]);
  tamper(machine.machine.processor.state, machine);
  expect(malformations(machine, controlWritesOf(machine)).some((text) => problem.test(text))).toBe(true);
  machine.machine.processor.state[Word.ZERO] = 0;
});

/** A linear page that the soups do not use, and where the tables say it is. */
const PAGE = 0x100;
const PHYSICAL = 0x10000;
const leadingTo = (physical: number): number => Region.RAM + physical - (PAGE << 12);
/** A table, what it says of the page, and what the TLB entry of the page says. */
const TRANSLATIONS: readonly (readonly [name: string, table: number, word: number, entries: number, entry: number])[] = [
  ['no TLB entry', Region.DATA_READ_SUPERVISOR, leadingTo(PHYSICAL), Region.DATA_TLB_ENTRY, 0],
  ['no code TLB entry', Region.CODE_SUPERVISOR, leadingTo(PHYSICAL), Region.CODE_TLB_ENTRY, 0],
  ['another page', Region.DATA_READ_SUPERVISOR, leadingTo(PHYSICAL + 0x1000), Region.DATA_TLB_ENTRY, PHYSICAL | TlbEntry.PRESENT],
  ['a supervisor\'s page for users', Region.DATA_READ_USER, leadingTo(PHYSICAL), Region.DATA_TLB_ENTRY, PHYSICAL | TlbEntry.PRESENT],
  ['a supervisor\'s code for users', Region.CODE_USER, leadingTo(PHYSICAL), Region.CODE_TLB_ENTRY, PHYSICAL | TlbEntry.PRESENT],
  ['a clean page for writes', Region.DATA_WRITE_SUPERVISOR, leadingTo(PHYSICAL), Region.DATA_TLB_ENTRY, PHYSICAL | TlbEntry.PRESENT | TlbEntry.MACHINE_WRITABLE],
  ['a page for users\' writes that may not be written', Region.DATA_WRITE_USER, leadingTo(PHYSICAL), Region.DATA_TLB_ENTRY, PHYSICAL | TlbEntry.PRESENT | TlbEntry.USER | TlbEntry.DIRTY],
  ['what is behind RAM', Region.DATA_READ_SUPERVISOR, leadingTo(SOUP_RAM_BYTES), Region.DATA_TLB_ENTRY, SOUP_RAM_BYTES | TlbEntry.PRESENT],
];

test.each(TRANSLATIONS)('translationViolations sees a table that leads to %s', (_name, table, word, entries, entry) => {
  machine.load(soup('flat32'));
  machine.run(BUDGET, SLICES);
  expect(translationViolations(machine)).toEqual([]);
  const { words } = machine.machine.memory;
  const changed = [(table >> 2) + PAGE, (entries >> 2) + PAGE];
  const before = changed.map((at) => words[at]);
  [words[changed[0]], words[changed[1]]] = [word, entry];
  expect(translationViolations(machine)).toHaveLength(1);
  changed.forEach((at, i) => (words[at] = before[i]));
});

test('the tables of a soup that has run are not empty, so that the scan has something to say', () => {
  machine.load(soup('paged32'));
  machine.run(BUDGET, SLICES);
  const { words } = machine.machine.memory;
  const present = (table: number): number => words.subarray(table >> 2, (table >> 2) + (1 << 20)).reduce((count, word) => count + (word === NO_ENTRY ? 0 : 1), 0);
  expect([Region.DATA_READ_SUPERVISOR, Region.DATA_WRITE_SUPERVISOR, Region.CODE_SUPERVISOR].map(present).every((count) => count > 0)).toBe(true);
});

test.each([
  ['behind the state', Region.COUNTS - 1], ['behind the counters', Region.BOUNCE - 1], ['behind the bounce area', Region.BOUNCE + 64], ['the open bus', Region.OPEN_BUS + 5], ['ROM', Region.ROM],
  ['below RAM', Region.RAM - 1], ['behind RAM', Region.RAM + SOUP_RAM_BYTES],
])('guardViolations sees a write %s', (_name, at) => {
  const { bytes } = machine.machine.memory;
  expect(machine.guardViolations()).toEqual([]);
  const before = bytes[at];
  bytes[at] = 1;
  expect(machine.guardViolations()).toHaveLength(1);
  bytes[at] = before;
});

test.each<readonly [name: string, tamper: (its: SoupMachine) => void, difference: RegExp]>([
  ['a register', (its) => (its.machine.memory.state[Word.X87_TOP] ^= 1), /^X87_TOP/],
  ['an element of a group of words', (its) => (its.machine.memory.state[Word.SELECTOR + Segment.GS] ^= 4), /^SELECTOR\+5/],
  ['flags', (its) => (its.machine.memory.state[Word.FLAG_CARRY] ^= -1), /^EFLAGS/],
  ['memory', (its) => (its.ram[0x12345] ^= 1), /^memory at 12345/],
  ['a count', (its) => its.machine.memory.counts[eventIndex('executed.mov-to-cr')]++, /^executed.mov-to-cr/],
])('differencesBetween sees %s', (_name, tamper, difference) => {
  for (const its of [one, other]) its.load(soup('flat32'));
  const results = [one.run(BUDGET, SLICES), other.run(BUDGET, SLICES)] as const;
  expect(differencesBetween(one, other, ...results)).toEqual([]);
  const counts = one.machine.memory.counts.slice();
  tamper(one);
  expect(differencesBetween(one, other, ...results)).toEqual([expect.stringMatching(difference)]);
  one.machine.memory.counts.set(counts);
});
