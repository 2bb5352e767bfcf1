import { Access, ARITHMETIC_FLAGS, composeFlags, CR0, eventIndex, Flag, refreshSegment, Segment, Word, type WordName } from '@ringbench/isa';
import { NO_ENTRY, Region, TlbEntry, type Machine } from '@ringbench/machine';
import type { Soup } from './soup-programs.js';
import type { SoupMachine, SoupResult } from './soup-machine.js';

/** What must hold of a machine whatever it has executed; each function returns what does not, a line each. */

const hex = (value: number): string => (value >>> 0).toString(16);
const USER_LEVEL = 3;
const SEGMENT_LIMIT = 0xffff;
const PARAGRAPH = 16;
const DATA_SEGMENTS = [Segment.ES, Segment.CS, Segment.SS, Segment.DS, Segment.FS, Segment.GS] as const;
const LOADED_BITS = 0xf0ff | Access.UNUSABLE;
const RESERVED_FLAGS = ~(ARITHMETIC_FLAGS | Flag.FIXED | Flag.TF | Flag.IF | Flag.DF | Flag.IOPL | Flag.NT | Flag.RF | Flag.VM | Flag.AC | Flag.VIF | Flag.VIP | Flag.ID);
const MOVED_TO_CONTROL = eventIndex('executed.mov-to-cr');

/** Flags, privilege and control registers. `loadedControl`: CR0 was written since the start, so that PE may be set with CS still as in real mode. */
function checkProcessor({ processor }: Machine, loadedControl: boolean, problem: (text: string) => void): void {
  const { state } = processor;
  const flags = state[Word.FLAG_SYSTEM];
  const isProtected = (state[Word.CR0] & CR0.PE) !== 0;
  const isVirtual = (flags & Flag.VM) !== 0;
  if ((flags & (Flag.FIXED | ARITHMETIC_FLAGS | RESERVED_FLAGS)) !== Flag.FIXED) problem(`FLAG_SYSTEM is ${hex(flags)}`);
  if (state[Word.ZERO] !== 0) problem('the zero word is not zero');
  const cpl = state[Word.CPL];
  if (cpl < 0 || cpl > USER_LEVEL) problem(`CPL is ${cpl}`);
  if (!isProtected && cpl !== 0) problem(`CPL is ${cpl} in real mode`);
  if (isVirtual && (!isProtected || cpl !== USER_LEVEL)) problem(`virtual-8086 mode at CPL ${cpl}, CR0 ${hex(state[Word.CR0])}`);
  if (isProtected && !isVirtual && !loadedControl && (state[Word.SELECTOR + Segment.CS] & 3) !== cpl) problem(`CPL ${cpl}, CS ${hex(state[Word.SELECTOR + Segment.CS])}`);
  if ((state[Word.CR0] & CR0.PG) !== 0 && !isProtected) problem('paging without protection');
  if ((state[Word.CR0] & CR0.ET) === 0) problem('CR0.ET is clear');
  if (state[Word.DATA_TLB] !== state[Word.DATA_TLB_OF_LEVEL + cpl] || state[Word.CODE_TLB] !== state[Word.CODE_TLB_OF_LEVEL + cpl]) problem('translation tables of another privilege level');
  if (state[Word.X87_TOP] >>> 3 !== 0 || state[Word.X87_VALID] >>> 8 !== 0 || state[Word.X87_CONTROL] >>> 16 !== 0 || state[Word.X87_STATUS] >>> 16 !== 0) problem('x87 words out of range');
}

function checkSegments({ processor }: Machine, problem: (text: string) => void): void {
  const { state, context } = processor;
  const derived = state.slice();
  for (let segment = 0; segment <= Segment.TR; segment++) {
    const [selector, access] = [state[Word.SELECTOR + segment], state[Word.ACCESS + segment]];
    if (selector >>> 16 !== 0) problem(`selector ${segment} is ${hex(selector)}`);
    if ((access & ~LOADED_BITS) !== 0) problem(`access word ${segment} is ${hex(access)}`);
    refreshSegment(derived, segment);
    // LDTR and TR are never accessed through.
    const differs = derived[Word.READ_TOP + segment] !== state[Word.READ_TOP + segment] || derived[Word.WRITE_TOP + segment] !== state[Word.WRITE_TOP + segment];
    if (segment <= Segment.GS && differs) problem(`bounds of segment ${segment} (${hex(access)}) are ${hex(state[Word.READ_TOP + segment])}, ${hex(state[Word.WRITE_TOP + segment])}`);
  }
  const accessOf = (segment: number): number => state[Word.ACCESS + segment];
  if (context.code32 !== ((accessOf(Segment.CS) & Access.BIG) !== 0) || context.stack32 !== ((accessOf(Segment.SS) & Access.BIG) !== 0)) problem('sizes of the context are not those of CS and SS');
  const isFlat = [Segment.ES, Segment.CS, Segment.SS, Segment.DS].every((segment) => state[Word.BASE + segment] === 0 && state[Word.LIMIT + segment] === -1);
  if (context.flat && !isFlat) problem('the context is flat and the segments are not');
  if ((state[Word.FLAG_SYSTEM] & Flag.VM) === 0) return;
  for (const segment of DATA_SEGMENTS) {
    const [base, limit] = [state[Word.BASE + segment], state[Word.LIMIT + segment]];
    if (base !== state[Word.SELECTOR + segment] * PARAGRAPH || limit !== SEGMENT_LIMIT) problem(`segment ${segment} of virtual-8086 mode has base ${hex(base)}, limit ${hex(limit)}`);
  }
}

/** Whether the state is one that the processor can have. */
export function malformations({ machine }: SoupMachine, controlWrites: number): string[] {
  const found: string[] = [];
  const problem = (text: string): void => void found.push(text);
  checkProcessor(machine, machine.memory.counts[MOVED_TO_CONTROL] !== controlWrites, problem);
  checkSegments(machine, problem);
  return found;
}
export const controlWritesOf = ({ machine }: SoupMachine): number => machine.memory.counts[MOVED_TO_CONTROL];

const PAGES = 1 << 20;
/** Read and write tables of both levels, each with the code tables' shape: page -> host minus linear. */
const DATA_TABLES = [Region.DATA_READ_SUPERVISOR, Region.DATA_WRITE_SUPERVISOR, Region.DATA_READ_USER, Region.DATA_WRITE_USER] as const;
const CODE_TABLES = [Region.CODE_SUPERVISOR, Region.CODE_USER] as const;

/**
 * Whether every word of the translation tables is either absent or leads where the TLB entry says, inside RAM, and no further than the entry
 * permits.
 */
export function translationViolations({ machine }: SoupMachine): string[] {
  const { words, ramBytes } = machine.memory;
  const found: string[] = [];
  const check = (table: number, entries: number): void => {
    const user = table === Region.DATA_READ_USER || table === Region.DATA_WRITE_USER || table === Region.CODE_USER;
    const write = table === Region.DATA_WRITE_USER || table === Region.DATA_WRITE_SUPERVISOR;
    for (let page = 0; page < PAGES; page++) {
      const word = words[(table >> 2) + page];
      if (word === NO_ENTRY) continue;
      const entry = words[(entries >> 2) + page];
      const host = (word + (page << 12)) | 0;
      const needed = TlbEntry.PRESENT | (user ? TlbEntry.USER : 0) | (write ? TlbEntry.DIRTY | TlbEntry.MACHINE_WRITABLE : 0);
      if (host < Region.RAM || host >= Region.RAM + ramBytes || host - Region.RAM !== (entry & ~0xfff) || (entry & needed) !== needed) found.push(`table ${hex(table)}, page ${hex(page)}: ${hex(word)} for the TLB entry ${hex(entry)}`);
    }
  };
  for (const table of DATA_TABLES) check(table, Region.DATA_TLB_ENTRY);
  for (const table of CODE_TABLES) check(table, Region.CODE_TLB_ENTRY);
  return found.slice(0, 5);
}

/** State words that say how something is executed, not what came of it (RESUMED_AT is a value of BUDGET's, counted in the slice); flags are compared as EFLAGS. */
const EXECUTORS_OWN: readonly WordName[] = ['BUDGET', 'MICRO_OP', 'RESUMED_AT', 'FLAG_RESULT', 'FLAG_CARRY'];
const NAMES = Object.entries(Word).toSorted(([, a], [, b]) => a - b);
const nameOf = (index: number): string => {
  const [name, first] = NAMES.findLast(([, at]) => at <= index) ?? ['', 0];
  return index === first ? name : `${name}+${index - first}`;
};

/** Where two machines differ that were given the same. */
export function differencesBetween(a: SoupMachine, b: SoupMachine, resultOfA: SoupResult, resultOfB: SoupResult): string[] {
  const found: string[] = [];
  const differ = (what: string, left: number | string, right: number | string): void => {
    if (left !== right) found.push(`${what}: ${typeof left === 'number' ? hex(left) : left} and ${typeof right === 'number' ? hex(right) : right}`);
  };
  differ('stop', resultOfA.stop, resultOfB.stop);
  differ('retired', resultOfA.retired, resultOfB.retired);
  const [left, right] = [a.machine.memory, b.machine.memory];
  const ignored = new Set<number>(EXECUTORS_OWN.map((name) => Word[name]));
  for (let index = 0; index < left.state.length; index++) if (!ignored.has(index)) differ(nameOf(index), left.state[index], right.state[index]);
  differ('EFLAGS', composeFlags(left.state), composeFlags(right.state));
  if (Buffer.compare(a.ram, b.ram) !== 0) {
    const at = a.ram.findIndex((byte, offset) => byte !== b.ram[offset]);
    differ(`memory at ${hex(at)}`, a.ram[at], b.ram[at]);
  }
  const [countsOfA, countsOfB] = [a.machine.counts(), b.machine.counts()];
  for (const name of new Set([...Object.keys(countsOfA), ...Object.keys(countsOfB)])) differ(name, countsOfA[name] ?? 0, countsOfB[name] ?? 0);
  return found;
}

export type { Soup };
