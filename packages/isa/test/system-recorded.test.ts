import { describe, expect, it } from 'vitest';
import { Access, CR0, Flag, Register, Segment, SYSTEM_PROCEDURES, Word, refreshSegment, storeFlags } from '../src/index.js';
import type { SystemOperands } from '../src/index.js';
import { Random } from './encoding/random.js';
import { Place, Sel, force, protectedMachine, putGate, realMachine, virtual8086Machine } from './support/fake-silicon.js';
import type { FakeSilicon } from './support/fake-silicon.js';
import { evaluate, operandsOf } from './support/run.js';

/**
 * Instructions with a recorded common case and a procedure for all cases: on random machines, most of them broken in some way, recorded code that does not
 * leave must do what the procedure does. (packages/interpreter/test/fast-paths.test.ts compares the same through the executor.)
 */

const CASES = 600;
/** Of the cases, at least this many must end in the recorded code, lest the comparison be about nothing. */
const FEWEST_DECIDED = 25;
const VECTOR = 0x30;
const DATA_PAGES = 0x30000;
const HANDLER = 0x123456;
const DESCRIPTOR_BITS = 64;
const SELECTORS = [Sel.DATA0, Sel.DATA3, Sel.DATA3 | 3, Sel.DATA0 | 3, 0, Sel.READ_ONLY0, Sel.EXPAND_DOWN0, Sel.CODE3, Sel.ABSENT_DATA3, 0x7f4];
const FLAT_SELECTORS = [Sel.CODE0, Sel.DATA0, Sel.CODE3, Sel.DATA3];
const TRANSPARENT_FLAGS = Flag.CF | Flag.PF | Flag.AF | Flag.ZF | Flag.SF | Flag.OF | Flag.DF | Flag.IF;

const oneIn = (random: Random, cases: number): boolean => random.below(cases) === 0;
const pick = <Item>(random: Random, items: readonly Item[]): Item => items[random.below(items.length)];
function flipBit(silicon: FakeSilicon, address: number, random: Random): void {
  const bit = random.below(DESCRIPTOR_BITS);
  silicon.memory.setUint8(address + (bit >> 3), silicon.memory.getUint8(address + (bit >> 3)) ^ (1 << (bit & 7)));
}

function breakTables(silicon: FakeSilicon, random: Random): void {
  const { state } = silicon;
  putGate(silicon, Place.IDT + VECTOR * 8, Sel.CODE0, HANDLER, pick(random, [0xee, 0xef, 0x8e]));
  for (const selector of FLAT_SELECTORS) {
    const at = Place.GDT + selector;
    silicon.memory.setUint8(at + 5, silicon.memory.getUint8(at + 5) | Access.ACCESSED);
    if (oneIn(random, 8)) flipBit(silicon, at, random);
  }
  if (oneIn(random, 8)) flipBit(silicon, Place.IDT + VECTOR * 8, random);
  if (oneIn(random, 8)) silicon.setHalf(Place.TSS + 8, pick(random, SELECTORS));
  if (oneIn(random, 8)) silicon.setWord(Place.TSS + 4, DATA_PAGES + random.below(0x4000));
  if (oneIn(random, 12)) state[Word.GDTR_LIMIT] = random.below(0x40);
  if (oneIn(random, 12)) state[Word.IDTR_LIMIT] = random.below(0x200);
  if (oneIn(random, 12)) state[Word.ACCESS + Segment.TR] = pick(random, [0x89, 0x83, Access.UNUSABLE]);
}

function breakSegments(silicon: FakeSilicon, random: Random): void {
  const { state } = silicon;
  const protectedMode = (state[Word.CR0] & CR0.PE) !== 0 && (state[Word.FLAG_SYSTEM] & Flag.VM) === 0;
  if (protectedMode && oneIn(random, 8)) force(silicon, Segment.SS, pick(random, [Sel.STACK16, Sel.EXPAND_DOWN0]));
  for (const segment of [Segment.DS, Segment.ES, Segment.SS]) {
    if (oneIn(random, 12)) state[Word.BASE + segment] = random.below(0x100);
    if (oneIn(random, 12)) state[Word.LIMIT + segment] = random.below(0x10000);
    refreshSegment(state, segment);
  }
  if (oneIn(random, 8)) state[Word.ACCESS + Segment.FS] |= Access.UNUSABLE;
  refreshSegment(state, Segment.FS);
}

/** An image that IRET, POPF or POP may find on the stack; `pointer` is where the return goes on another level. */
function writeFrame(silicon: FakeSilicon, random: Random, at: number): void {
  const [code, data] = oneIn(random, 2) ? [Sel.CODE0, Sel.DATA0] : [Sel.CODE3 | 3, Sel.DATA3 | 3];
  const first = oneIn(random, 3) ? pick(random, SELECTORS) : random.below(0x100000);
  const image = (random.next() & TRANSPARENT_FLAGS) | Flag.FIXED | (oneIn(random, 6) ? 1 << (8 + random.below(14)) : 0);
  [first, oneIn(random, 8) ? pick(random, SELECTORS) : code, image, Place.STACK1, oneIn(random, 8) ? pick(random, SELECTORS) : data].forEach((value, index) => silicon.setWord(at + 4 * index, value));
}

function randomMachine(seed: number): FakeSilicon {
  const random = new Random((seed * 0x9e3779b1) | 1);
  const kind = random.below(12);
  const silicon = kind === 0 ? realMachine() : kind === 1 ? virtual8086Machine(random.below(4)) : protectedMachine(pick(random, [0, 0, 3, 3, 1] as const));
  const { state } = silicon;
  breakTables(silicon, random);
  breakSegments(silicon, random);
  for (const register of [Register.EAX, Register.ECX, Register.EDX, Register.EBX]) state[register] = random.next();
  state[Register.ECX] = oneIn(random, 6) ? random.next() : pick(random, SELECTORS);
  state[Word.CR3] = random.next() & ~0xfff;
  storeFlags(state, state[Word.FLAG_SYSTEM] | (random.next() & TRANSPARENT_FLAGS) | (oneIn(random, 12) ? Flag.NT : 0) | (oneIn(random, 12) ? Flag.TF : 0) | (oneIn(random, 2) ? Flag.IOPL : 0));
  state[Word.INTERRUPT_PIN] = oneIn(random, 8) ? 1 : 0;
  state[Word.TRAP_SENSITIVE] = state[Word.CPL] === 3 && oneIn(random, 8) ? 1 : 0;
  state[Word.DR + 7] = oneIn(random, 10) ? 1 : 0;
  if (oneIn(random, 6)) state[Word.ESP] = DATA_PAGES + random.below(0x4000);
  writeFrame(silicon, random, (state[Word.BASE + Segment.SS] + state[Word.ESP]) & 0xfffff);
  for (const pages of [silicon.absentPages, silicon.readOnlyPages, silicon.supervisorPages]) {
    if (oneIn(random, 6)) pages.add(pick(random, [Place.GDT, Place.STACK0, Place.STACK0 - 1, DATA_PAGES, DATA_PAGES + 0x1000]) >>> 12);
  }
  return silicon;
}

/** All that an instruction leaves behind. What the procedures tell the machine counts where the recorded code could have no such effect. */
function remains(silicon: FakeSilicon): unknown {
  const counts = [...silicon.counts].filter(([name]) => !name.startsWith('executed.')).toSorted(([left], [right]) => left.localeCompare(right));
  return { fault: silicon.fault, state: [...silicon.state], counts, told: silicon.log.filter((entry) => entry === 'inhibit' || entry === 'flush' || entry === 'paging') };
}
const memoryOf = (silicon: FakeSilicon): Buffer => Buffer.from(silicon.memory.buffer);

/** Recorded in all of their cases; the procedures are for monitors. */
type Store = 'sgdt' | 'sidt' | 'sldt' | 'str' | 'smsw' | 'mov-sreg' | 'push-sreg';
const STORED = { memory: true, segment: Segment.DS, offset: Place.STACK0 } as const;
const INSTRUCTIONS: readonly (readonly ['int' | 'iret' | 'load-sreg' | 'pop-sreg' | 'pushf' | 'popf' | 'cli' | 'mov-from-cr' | Store, Partial<SystemOperands>])[] = [
  ['int', { immediate: VECTOR }], ['iret', {}], ['load-sreg', { target: Segment.DS, register: Register.ECX }], ['load-sreg', { target: Segment.FS, register: Register.ECX }],
  ['load-sreg', { target: Segment.ES, memory: true, segment: Segment.DS, offset: Place.STACK0 }], ['pop-sreg', { target: Segment.DS }], ['pop-sreg', { target: Segment.ES, operandSize: 16 }],
  ['pushf', {}], ['pushf', { operandSize: 16 }], ['popf', {}], ['cli', {}], ['mov-from-cr', { target: 0, register: Register.EBX }], ['mov-from-cr', { target: 3, register: Register.EBX }],
  ['sgdt', STORED], ['sidt', { ...STORED, operandSize: 16 }], ['sldt', STORED], ['sldt', { register: Register.EBX }], ['str', { register: Register.EBX, operandSize: 16 }],
  ['smsw', STORED], ['smsw', { register: Register.EBX }], ['mov-sreg', { target: Segment.CS, register: Register.EBX }], ['mov-sreg', { ...STORED, target: Segment.FS }],
  ['push-sreg', { target: Segment.CS }], ['push-sreg', { target: Segment.GS, operandSize: 16 }],
];

describe('recorded common cases do what the procedures do', () => {
  it.each(INSTRUCTIONS)('%s %o', (mnemonic, fields) => {
    let decided = 0;
    for (let seed = 1; seed <= CASES; seed++) {
      const recorded = randomMachine(seed);
      const ending = evaluate(recorded, mnemonic, operandsOf(fields));
      if (ending === 'left') {
        recorded.release();
        continue;
      }
      decided++;
      const complete = randomMachine(seed);
      expect(SYSTEM_PROCEDURES[mnemonic](complete, operandsOf(fields)), `seed ${seed}`).toBe(ending === 'completed');
      expect(remains(recorded), `seed ${seed}`).toEqual(remains(complete));
      // What lies below the stack pointer is nobody's after a fault.
      if (ending === 'completed') expect(memoryOf(recorded).compare(memoryOf(complete)), `memory, seed ${seed}`).toBe(0);
      recorded.release();
      complete.release();
    }
    expect(decided).toBeGreaterThan(FEWEST_DECIDED);
  });
});

describe('leaving', () => {
  it('commits nothing', () => {
    for (const [mnemonic, fields] of INSTRUCTIONS) {
      for (let seed = 1; seed <= CASES; seed += 5) {
        const silicon = randomMachine(seed);
        const before = [...silicon.state];
        const memory = Buffer.from(memoryOf(silicon));
        const isLeft = evaluate(silicon, mnemonic, operandsOf(fields)) === 'left';
        if (isLeft) expect([[...silicon.state], silicon.fault, memoryOf(silicon).compare(memory)], `${mnemonic}, seed ${seed}`).toEqual([before, 'none', 0]);
        silicon.release();
      }
    }
  });
});
