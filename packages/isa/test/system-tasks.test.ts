import { describe, expect, it } from 'vitest';
import { CR0, Debug6, Flag, Register, Segment, Vector, Word, composeFlags, deliverFault } from '../src/index.js';
import { Kind, Place, Sel, protectedMachine, putDescriptor, putGate, snapshot } from './support/fake-silicon.js';
import type { FakeSilicon } from './support/fake-silicon.js';
import { NEXT, run } from './support/run.js';

const OTHER_STACK = 0xb000;

/** Fills the 32-bit TSS of the task to switch to. */
function task(silicon: FakeSilicon, changes: Record<number, number> = {}): void {
  const fields: Record<number, number> = {
    28: 0x7000, 32: 0x600, 36: Flag.IF | Flag.FIXED, 40: 0xa0, 44: 0xc1, 56: OTHER_STACK, 72: Sel.DATA0, 76: Sel.CODE0, 80: Sel.DATA0, 84: Sel.DATA0, 88: 0, 92: 0, 96: Sel.LDT, 100: 0, ...changes,
  };
  for (const [offset, value] of Object.entries(fields)) silicon.setWord(Place.OTHER_TSS + Number(offset), value);
}

function typeOf(silicon: FakeSilicon, selector: number): number {
  return silicon.memory.getUint8(Place.GDT + selector + 5) & 0x1f;
}

describe('a task switch', () => {
  it.each([['jmpf', Sel.OTHER_TSS], ['callf', Sel.OTHER_TSS], ['callf', Sel.TASK_GATE], ['jmpf', Sel.TASK_GATE]] as const)('by %s through %i', (mnemonic, selector) => {
    const silicon = protectedMachine(0, Flag.CF);
    task(silicon);
    silicon.state[Register.EBX] = 0xb0b;
    expect(run(silicon, mnemonic, { selector })).toBe(true);
    const { state } = silicon;
    const called = mnemonic === 'callf';
    expect([state[Word.EIP], state[Register.EAX], state[Register.ECX], state[Word.ESP], state[Word.SELECTOR + Segment.TR]]).toEqual([0x600, 0xa0, 0xc1, OTHER_STACK, Sel.OTHER_TSS]);
    expect(composeFlags(state)).toBe(Flag.IF | Flag.FIXED | (called ? Flag.NT : 0));
    expect([silicon.word(Place.TSS + 32), silicon.word(Place.TSS + 36), silicon.word(Place.TSS + 52), silicon.half(Place.TSS + 76)]).toEqual([NEXT, Flag.CF | Flag.FIXED, 0xb0b, Sel.CODE0]);
    expect([typeOf(silicon, Sel.TSS), typeOf(silicon, Sel.OTHER_TSS), silicon.half(Place.OTHER_TSS)]).toEqual([called ? 11 : 9, 11, called ? Sel.TSS : 0]);
    expect(state[Word.CR0] & CR0.TS).toBe(CR0.TS);
  });

  it('IRET with NT set goes back and frees the nested task', () => {
    const silicon = protectedMachine();
    task(silicon);
    run(silicon, 'callf', { selector: Sel.OTHER_TSS });
    expect(run(silicon, 'iret', { nextEip: 0x602 })).toBe(true);
    expect([silicon.state[Word.EIP], silicon.state[Word.SELECTOR + Segment.TR], typeOf(silicon, Sel.TSS), typeOf(silicon, Sel.OTHER_TSS)]).toEqual([NEXT, Sel.TSS, 11, 9]);
    expect([silicon.word(Place.OTHER_TSS + 32), silicon.word(Place.OTHER_TSS + 36) & Flag.NT]).toEqual([0x602, 0]);
  });

  it('IRET needs a busy TSS in the link field', () => {
    const silicon = protectedMachine(0, Flag.NT);
    silicon.setHalf(Place.TSS, Sel.OTHER_TSS);
    expect(run(silicon, 'iret')).toBe(false);
    expect(silicon.fault).toBe(`10(${Sel.OTHER_TSS})`);
  });

  it('loads CR3 when paging is on', () => {
    const silicon = protectedMachine();
    task(silicon);
    silicon.state[Word.CR0] |= CR0.PG;
    run(silicon, 'jmpf', { selector: Sel.OTHER_TSS });
    expect([silicon.state[Word.CR3], silicon.log.includes('paging')]).toEqual([0x7000, true]);
  });

  it('goes to a 16-bit TSS', () => {
    const silicon = protectedMachine();
    for (const [offset, value] of [[14, 0x650], [16, 2], [18, 0x1234], [26, 0x5000], [34, Sel.DATA0], [36, Sel.CODE0], [38, Sel.DATA0], [40, Sel.DATA0], [42, 0]] as const) silicon.setHalf(Place.TSS16 + offset, value);
    expect(run(silicon, 'jmpf', { selector: Sel.TSS16 })).toBe(true);
    expect([silicon.state[Word.EIP], silicon.state[Register.EAX], silicon.state[Word.ESP], silicon.state[Word.SELECTOR + Segment.FS]]).toEqual([0x650, 0x1234, 0x5000, 0]);
  });

  it('enters virtual-8086 mode', () => {
    const silicon = protectedMachine();
    task(silicon, { 36: Flag.VM | Flag.FIXED, 76: 0x123, 80: 0x234 });
    expect(run(silicon, 'jmpf', { selector: Sel.OTHER_TSS })).toBe(true);
    expect([silicon.state[Word.CPL], silicon.state[Word.BASE + Segment.CS], silicon.state[Word.BASE + Segment.SS]]).toEqual([3, 0x1230, 0x2340]);
  });

  it('is in virtual-8086 mode with all its segments when its LDT is refused', () => {
    const silicon = protectedMachine();
    task(silicon, { 36: Flag.VM | Flag.FIXED, 76: 0x123, 80: 0x234, 96: Sel.DATA0 });
    expect(run(silicon, 'jmpf', { selector: Sel.OTHER_TSS })).toBe(false);
    const { state } = silicon;
    expect([silicon.faultVector, state[Word.CPL], state[Word.BASE + Segment.CS], state[Word.LIMIT + Segment.SS]]).toEqual([Vector.TS, 3, 0x1230, 0xffff]);
  });

  it('a task gate for an exception takes the error code along', () => {
    const silicon = protectedMachine();
    task(silicon);
    putGate(silicon, Place.IDT + 8 * Vector.GP, Sel.OTHER_TSS, 0, 0x85);
    expect(deliverFault(silicon, Vector.GP, 0x77)).toBe(true);
    expect([silicon.state[Word.ESP], silicon.word(OTHER_STACK - 4), silicon.word(Place.TSS + 32), silicon.word(Place.TSS + 36) & Flag.RF]).toEqual([OTHER_STACK - 4, 0x77, 0x500, Flag.RF]);
  });

  it('the T bit is a debug trap of the instruction that switched, or of the event', () => {
    const silicon = protectedMachine();
    task(silicon, { 100: 1 });
    expect(run(silicon, 'jmpf', { selector: Sel.OTHER_TSS })).toBe(true);
    expect([silicon.log.at(-1), silicon.state[Word.EIP]]).toEqual([`debug trap ${Debug6.BT.toString(16)}`, 0x600]);
    const faulting = protectedMachine();
    task(faulting, { 100: 1 });
    putGate(faulting, Place.IDT + 8 * Vector.GP, Sel.OTHER_TSS, 0, 0x85);
    deliverFault(faulting, Vector.GP, 0);
    expect(faulting.log.at(-1)).toBe(`debug trap ${Debug6.BT.toString(16)}`);
  });

  it('clears L0 to L3 of DR7, and RF is saved for events only', () => {
    const silicon = protectedMachine(0, Flag.RF);
    task(silicon);
    silicon.state[Word.DR + 7] = 0x4ff;
    expect(run(silicon, 'jmpf', { selector: Sel.OTHER_TSS })).toBe(true);
    expect([silicon.state[Word.DR + 7], silicon.log.includes('debug registers'), silicon.word(Place.TSS + 36) & Flag.RF]).toEqual([0x4aa, true, 0]);
  });
});

describe('faults of a task switch', () => {
  it.each([
    ['busy', (s: FakeSilicon) => putDescriptor(s, Place.GDT + Sel.OTHER_TSS, Place.OTHER_TSS, 0x67, Kind.TSS32_BUSY, 0), `13(${Sel.OTHER_TSS})`],
    ['absent', (s: FakeSilicon) => putDescriptor(s, Place.GDT + Sel.OTHER_TSS, Place.OTHER_TSS, 0x67, Kind.TSS32 & 0x7f, 0), `11(${Sel.OTHER_TSS})`],
    ['too small', (s: FakeSilicon) => putDescriptor(s, Place.GDT + Sel.OTHER_TSS, Place.OTHER_TSS, 0x66, Kind.TSS32, 0), `10(${Sel.OTHER_TSS})`],
    ['the new TSS is not mapped', (s: FakeSilicon) => { putDescriptor(s, Place.GDT + Sel.OTHER_TSS, 0x6000, 0x67, Kind.TSS32, 0); s.absentPages.add(6); }, '14(0)'],
  ] as const)('in the old task: %s', (_, prepare, fault) => {
    const silicon = protectedMachine();
    task(silicon);
    prepare(silicon);
    const before = snapshot(silicon);
    expect(run(silicon, 'jmpf', { selector: Sel.OTHER_TSS })).toBe(false);
    expect([silicon.fault, snapshot(silicon)]).toEqual([fault, before]);
  });

  it.each([
    ['LDT selector', { 96: Sel.DATA0 }, `10(${Sel.DATA0})`], ['CS null', { 76: 0 }, '10(0)'], ['CS is data', { 76: Sel.DATA0 }, `10(${Sel.DATA0})`], ['CS absent', { 76: Sel.ABSENT_CODE0 }, `11(${Sel.ABSENT_CODE0})`],
    ['SS of another ring', { 80: Sel.DATA3 | 3 }, `10(${Sel.DATA3})`], ['SS absent', { 80: Sel.ABSENT_DATA0 }, `12(${Sel.ABSENT_DATA0})`], ['DS execute-only', { 84: Sel.EXECUTE_ONLY0 }, `10(${Sel.EXECUTE_ONLY0})`],
    ['ES absent', { 72: Sel.ABSENT_DATA0 }, `11(${Sel.ABSENT_DATA0})`], ['EIP', { 76: Sel.SMALL_CODE0, 32: 0x1000 }, '13(0)'],
  ] as const)('in the new task: %s', (_, changes, fault) => {
    const silicon = protectedMachine();
    task(silicon, changes);
    expect(run(silicon, 'jmpf', { selector: Sel.OTHER_TSS })).toBe(false);
    expect([silicon.fault, silicon.state[Word.SELECTOR + Segment.TR], silicon.state[Register.EAX]]).toEqual([fault, Sel.OTHER_TSS, 0xa0]);
    expect([typeOf(silicon, Sel.TSS), typeOf(silicon, Sel.OTHER_TSS)]).toEqual([9, 11]);
  });
});
