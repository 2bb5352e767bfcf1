import { describe, expect, it } from 'vitest';
import { Debug7, Flag, Register, Segment, Vector, Word, canTakeInterrupt, composeFlags, deliverFault, deliverHardwareInterrupt, storeFlags } from '../src/index.js';
import { isDoubleFault, isTripleFault } from '../src/system/faults.js';
import { Place, Sel, force, protectedMachine, putGate, realMachine, snapshot, virtual8086Machine } from './support/fake-silicon.js';
import type { FakeSilicon } from './support/fake-silicon.js';
import { NEXT, run } from './support/run.js';

const INTERRUPT32 = 0x8e;
const TRAP32 = 0x8f;
const INTERRUPT16 = 0x86;
const DPL3 = 0x60;
const SYSCALL = 0x80;
const HANDLER = 0x34567;

function gate(silicon: FakeSilicon, vector: number, access = INTERRUPT32, selector: number = Sel.CODE0, offset = HANDLER): void {
  putGate(silicon, Place.IDT + 8 * vector, selector, offset, access);
}

function frame(silicon: FakeSilicon, count: number): number[] {
  return Array.from({ length: count }, (_, index) => silicon.word(silicon.state[Word.ESP] + 4 * index));
}

describe('INT n in protected mode', () => {
  it('from ring 3 to ring 0 through a trap gate keeps IF', () => {
    const silicon = protectedMachine(3, Flag.IF | Flag.TF | Flag.CF);
    gate(silicon, SYSCALL, TRAP32 | DPL3);
    expect(run(silicon, 'int', { immediate: SYSCALL })).toBe(true);
    expect([silicon.state[Word.EIP], silicon.state[Word.CPL], silicon.state[Word.SELECTOR + Segment.CS], silicon.state[Word.SELECTOR + Segment.SS]]).toEqual([HANDLER, 0, Sel.CODE0, Sel.DATA0]);
    expect(frame(silicon, 5)).toEqual([NEXT, Sel.CODE3 | 3, Flag.IF | Flag.TF | Flag.CF | Flag.FIXED, Place.STACK3, Sel.DATA3 | 3]);
    expect(composeFlags(silicon.state)).toBe(Flag.IF | Flag.CF | Flag.FIXED);
    expect([...silicon.counts]).toEqual([['ring.in', 1], ['interrupt.software', 1]]);
  });

  it('through an interrupt gate clears IF', () => {
    const silicon = protectedMachine(0, Flag.IF);
    gate(silicon, SYSCALL);
    run(silicon, 'int', { immediate: SYSCALL });
    expect([composeFlags(silicon.state), frame(silicon, 3)]).toEqual([Flag.FIXED, [NEXT, Sel.CODE0, Flag.IF | Flag.FIXED]]);
  });

  it('through a 16-bit gate pushes halves', () => {
    const silicon = protectedMachine(3);
    gate(silicon, SYSCALL, INTERRUPT16 | DPL3);
    run(silicon, 'int', { immediate: SYSCALL });
    expect([silicon.state[Word.EIP], silicon.state[Word.ESP], silicon.half(Place.STACK0 - 2), silicon.half(Place.STACK0 - 10)]).toEqual([HANDLER & 0xffff, Place.STACK0 - 10, Sel.DATA3 | 3, NEXT]);
  });

  it('to a conforming handler stays at CPL 3', () => {
    const silicon = protectedMachine(3);
    gate(silicon, SYSCALL, INTERRUPT32 | DPL3, Sel.CONFORMING0);
    run(silicon, 'int', { immediate: SYSCALL });
    expect([silicon.state[Word.CPL], silicon.state[Word.SELECTOR + Segment.CS], silicon.state[Word.ESP]]).toEqual([3, Sel.CONFORMING0 | 3, Place.STACK3 - 12]);
  });

  it.each([
    ['beyond the IDT', 3, (s: FakeSilicon) => (s.state[Word.IDTR_LIMIT] = SYSCALL * 8 + 6), `13(${SYSCALL * 8 + 2})`],
    ['not a gate', 3, (s: FakeSilicon) => gate(s, SYSCALL, 0xe9), `13(${SYSCALL * 8 + 2})`],
    ['gate DPL below CPL', 3, (s: FakeSilicon) => gate(s, SYSCALL), `13(${SYSCALL * 8 + 2})`],
    ['DPL before presence', 3, (s: FakeSilicon) => gate(s, SYSCALL, INTERRUPT32 & 0x7f), `13(${SYSCALL * 8 + 2})`],
    ['gate absent', 3, (s: FakeSilicon) => gate(s, SYSCALL, (INTERRUPT32 | DPL3) & 0x7f), `11(${SYSCALL * 8 + 2})`],
    ['null handler', 0, (s: FakeSilicon) => gate(s, SYSCALL, INTERRUPT32, 0), '13(0)'],
    ['handler is data', 0, (s: FakeSilicon) => gate(s, SYSCALL, INTERRUPT32, Sel.DATA0), `13(${Sel.DATA0})`],
    ['handler of an outer ring', 0, (s: FakeSilicon) => gate(s, SYSCALL, INTERRUPT32, Sel.CODE3), `13(${Sel.CODE3})`],
    ['handler absent', 0, (s: FakeSilicon) => gate(s, SYSCALL, INTERRUPT32, Sel.ABSENT_CODE0), `11(${Sel.ABSENT_CODE0})`],
    ['offset beyond the handler', 0, (s: FakeSilicon) => gate(s, SYSCALL, INTERRUPT32, Sel.SMALL_CODE0), '13(0)'],
    ['no stack in the TSS', 3, (s: FakeSilicon) => { gate(s, SYSCALL, INTERRUPT32 | DPL3); s.state[Word.LIMIT + Segment.TR] = 8; }, `10(${Sel.TSS})`],
    ['stack absent', 3, (s: FakeSilicon) => { gate(s, SYSCALL, INTERRUPT32 | DPL3); s.setHalf(Place.TSS + 8, Sel.ABSENT_DATA0); }, `12(${Sel.ABSENT_DATA0})`],
    ['page fault on the inner stack', 3, (s: FakeSilicon) => { gate(s, SYSCALL, INTERRUPT32 | DPL3); s.absentPages.add((Place.STACK0 - 4) >>> 12); }, '14(2)'],
  ] as const)('fault: %s', (_, cpl, prepare, fault) => {
    const silicon = protectedMachine(cpl);
    prepare(silicon);
    const before = snapshot(silicon);
    expect(run(silicon, 'int', { immediate: SYSCALL })).toBe(false);
    expect([silicon.fault, snapshot(silicon)]).toEqual([fault, before]);
  });

  it('pushes to a supervisor stack though CPL is 3', () => {
    const silicon = protectedMachine(3);
    gate(silicon, SYSCALL, TRAP32 | DPL3);
    for (const place of [Place.STACK0 - 4, Place.IDT, Place.GDT, Place.TSS]) silicon.supervisorPages.add(place >>> 12);
    expect(run(silicon, 'int', { immediate: SYSCALL })).toBe(true);
  });

  it('INTO does nothing without OF, INT1 skips the DPL check and counts as an exception', () => {
    const silicon = protectedMachine(3);
    expect(run(silicon, 'into')).toBe(true);
    expect(silicon.state[Word.EIP]).toBe(NEXT);
    gate(silicon, Vector.DB);
    expect(run(silicon, 'int1')).toBe(true);
    expect(silicon.counts.get('exception.1')).toBe(1);
  });
});

describe('virtual-8086 mode', () => {
  it('INT n obeys IOPL, INT3 does not', () => {
    const silicon = virtual8086Machine(0);
    gate(silicon, 3, INTERRUPT32 | DPL3);
    run(silicon, 'int', { immediate: 3 });
    expect(silicon.fault).toBe('13(0)');
    silicon.clearFault();
    expect(run(silicon, 'int3')).toBe(true);
  });

  it('pushes the data segments, nulls them and leaves the mode', () => {
    const silicon = virtual8086Machine(3, Flag.IF);
    gate(silicon, SYSCALL, INTERRUPT32 | DPL3);
    expect(run(silicon, 'int', { immediate: SYSCALL })).toBe(true);
    const flags = Flag.VM | Flag.IOPL | Flag.IF | Flag.FIXED;
    expect(frame(silicon, 9)).toEqual([NEXT, 0x101, flags, 0x800, 0x102, 0x100, 0x103, 0x104, 0x105]);
    expect([Segment.ES, Segment.DS, Segment.FS, Segment.GS].map((register) => silicon.state[Word.SELECTOR + register])).toEqual([0, 0, 0, 0]);
    expect([composeFlags(silicon.state) & Flag.VM, silicon.state[Word.CPL]]).toEqual([0, 0]);
  });

  it('needs a ring-0 handler', () => {
    const silicon = virtual8086Machine(3);
    gate(silicon, SYSCALL, INTERRUPT32 | DPL3, Sel.CONFORMING0);
    run(silicon, 'int', { immediate: SYSCALL });
    expect(silicon.fault).toBe(`13(${Sel.CONFORMING0})`);
  });
});

describe('real mode', () => {
  it('goes through the vector table and clears IF', () => {
    const silicon = realMachine();
    storeFlags(silicon.state, Flag.IF | Flag.TF | Flag.FIXED);
    silicon.setWord(0x21 * 4, 0x03450010);
    expect(run(silicon, 'int', { immediate: 0x21 })).toBe(true);
    expect([silicon.state[Word.BASE + Segment.CS], silicon.state[Word.EIP], silicon.state[Register.ESP], composeFlags(silicon.state)]).toEqual([0x3450, 0x10, 0xffa, Flag.FIXED]);
    expect([silicon.half(0x8ffa), silicon.half(0x8ffc), silicon.half(0x8ffe)]).toEqual([NEXT, 0x100, Flag.IF | Flag.TF | Flag.FIXED]);
  });

  it('exceptions push no error code', () => {
    const silicon = realMachine();
    deliverFault(silicon, Vector.GP, 5);
    expect(silicon.state[Register.ESP]).toBe(0xffa);
  });

  it('a short vector table ends in shutdown', () => {
    const silicon = realMachine();
    silicon.state[Word.IDTR_LIMIT] = 3;
    expect(deliverFault(silicon, Vector.UD, 0)).toBe(false);
    expect(silicon.log.at(-1)).toBe('shutdown');
  });
});

describe('faults and hardware interrupts', () => {
  it('a fault pushes its error code and RF; a trap does not', () => {
    const silicon = protectedMachine();
    gate(silicon, Vector.GP);
    expect(deliverFault(silicon, Vector.GP, 0x1234)).toBe(true);
    expect(frame(silicon, 4)).toEqual([0x1234, 0x500, Sel.CODE0, Flag.RF | Flag.FIXED]);
    gate(silicon, Vector.DB);
    silicon.state[Word.DR + 7] = Debug7.GD | 0x400;
    deliverFault(silicon, Vector.DB, 0);
    expect([frame(silicon, 3)[2], silicon.state[Word.DR + 7]]).toEqual([Flag.FIXED, 0x400]);
    expect([...silicon.counts]).toEqual([['exception.13', 1], ['exception.1', 1]]);
  });

  it('errors met on the way have the EXT bit', () => {
    const silicon = protectedMachine();
    gate(silicon, Vector.NP);
    gate(silicon, Vector.UD, INTERRUPT32, Sel.ABSENT_CODE0);
    deliverFault(silicon, Vector.UD, 0);
    expect([silicon.counts.get('exception.11'), frame(silicon, 1)]).toEqual([1, [Sel.ABSENT_CODE0 | 1]]);
  });

  it('a contributory fault within one is a double fault with error code 0', () => {
    const silicon = protectedMachine();
    gate(silicon, Vector.DF);
    expect(deliverFault(silicon, Vector.GP, 0x1234)).toBe(true);
    expect([...silicon.counts, frame(silicon, 2)]).toEqual([['exception.8', 1], [0, 0x500]]);
  });

  it('a third one is shutdown', () => {
    const silicon = protectedMachine();
    expect(deliverFault(silicon, Vector.GP, 0)).toBe(false);
    expect([silicon.log, silicon.faulted]).toEqual([['shutdown'], false]);
  });

  it('a benign one that meets itself for ever is shutdown', () => {
    const silicon = protectedMachine();
    for (const vector of [Vector.UD, Vector.AC]) gate(silicon, vector);
    let met = 0;
    // As a misaligned stack of ring 3 with EFLAGS.AC set: what delivers #AC raises it.
    silicon.onSecondLevel = (linear) => {
      if (linear >>> 12 !== (Place.STACK0 - 1) >>> 12) return false;
      if (++met > 10_000) throw new Error('it does not end');
      return !silicon.raise(Vector.AC, 0);
    };
    expect(deliverFault(silicon, Vector.UD, 0)).toBe(false);
    expect(met).toBeGreaterThan(1);
    expect([silicon.log, silicon.faulted, [...silicon.counts]]).toEqual([['shutdown'], false, []]);
  });

  it.each([
    [Vector.GP, Vector.NP, true], [Vector.DE, Vector.TS, true], [Vector.GP, Vector.PF, false], [Vector.PF, Vector.PF, true], [Vector.PF, Vector.GP, true], [Vector.UD, Vector.GP, false], [Vector.DB, Vector.PF, false], [-1, Vector.GP, false],
  ])('%i then %i: double fault is %s', (first, second, expected) => {
    expect(isDoubleFault(first, second)).toBe(expected);
  });

  it('only contributory faults and page faults turn a double fault into a triple one', () => {
    expect([isTripleFault(Vector.DF, Vector.GP), isTripleFault(Vector.DF, Vector.PF), isTripleFault(Vector.DF, Vector.DB), isTripleFault(Vector.GP, Vector.GP)]).toEqual([true, true, false, false]);
  });

  it('an interrupt is counted, is not a software interrupt and may enter any gate', () => {
    const silicon = protectedMachine(3, Flag.IF);
    gate(silicon, 0x20);
    expect(canTakeInterrupt(silicon)).toBe(true);
    expect(deliverHardwareInterrupt(silicon, 0x20)).toBe(true);
    expect([frame(silicon, 1), silicon.counts.get('interrupt.hardware'), canTakeInterrupt(silicon)]).toEqual([[0x500], 1, false]);
  });

  it('an interrupt whose delivery faults delivers the fault with EXT', () => {
    const silicon = protectedMachine(0, Flag.IF);
    gate(silicon, Vector.GP);
    deliverHardwareInterrupt(silicon, 0x20);
    expect([frame(silicon, 1), silicon.counts.get('interrupt.hardware')]).toEqual([[0x20 * 8 + 3], undefined]);
  });
});

describe('IRET', () => {
  function push(silicon: FakeSilicon, ...words: number[]): void {
    words.forEach((word, index) => silicon.setWord(silicon.state[Word.ESP] + 4 * index, word));
  }

  it('undoes an interrupt from ring 3', () => {
    const silicon = protectedMachine(3, Flag.IF | Flag.ZF);
    gate(silicon, SYSCALL, INTERRUPT32 | DPL3);
    const before = snapshot(silicon);
    run(silicon, 'int', { immediate: SYSCALL });
    for (const register of [Segment.DS, Segment.ES, Segment.FS, Segment.GS]) force(silicon, register, Sel.DATA3);
    expect(run(silicon, 'iret')).toBe(true);
    expect([silicon.state[Word.EIP], silicon.state[Word.CPL], silicon.state[Word.ESP], composeFlags(silicon.state)]).toEqual([NEXT, 3, before[Word.ESP], Flag.IF | Flag.ZF | Flag.FIXED]);
    expect([silicon.state[Word.SELECTOR + Segment.DS], silicon.counts.get('ring.out')]).toEqual([Sel.DATA3, 1]);
  });

  it('loads RF and notes when', () => {
    const silicon = protectedMachine(0, 0);
    silicon.state[Word.BUDGET] = 77;
    push(silicon, 0x700, Sel.CODE0, Flag.RF | Flag.FIXED);
    expect(run(silicon, 'iret')).toBe(true);
    expect([composeFlags(silicon.state), silicon.state[Word.RESUMED_AT]]).toEqual([Flag.FIXED | Flag.RF, 77]);
  });

  it('lets NMIs in again, also when it faults', () => {
    const silicon = protectedMachine(0, 0);
    silicon.state[Word.NMI_BLOCKED] = 1;
    push(silicon, 0x700, 0, Flag.FIXED);
    expect(run(silicon, 'iret')).toBe(false);
    expect([silicon.fault, silicon.state[Word.NMI_BLOCKED], silicon.log]).toEqual(['13(0)', 0, ['interrupt-flag']]);
  });

  it.each([
    [0, 32, -1, Flag.IOPL | Flag.IF | Flag.RF | Flag.AC | Flag.ID, 0], [3, 32, -1, Flag.RF | Flag.AC | Flag.ID, 0], [3, 32, -1, Flag.RF | Flag.AC | Flag.ID | Flag.IF | Flag.IOPL, Flag.IOPL], [0, 16, -1, Flag.IOPL | Flag.IF, 0],
  ] as const)('at CPL %i with %i bits loads what privilege allows', (cpl, operandSize, image, expected, flags) => {
    const silicon = protectedMachine(cpl, flags);
    const code = (cpl === 0 ? Sel.CODE0 : Sel.CODE3) | cpl;
    const bits = image & ~(cpl === 0 ? Flag.VM | Flag.V386 : 0);
    if (operandSize === 32) push(silicon, 0x700, code, bits);
    else push(silicon, 0x700 | (code << 16), bits);
    expect(run(silicon, 'iret', { operandSize })).toBe(true);
    const always = Flag.CF | Flag.PF | Flag.AF | Flag.ZF | Flag.SF | Flag.OF | Flag.TF | Flag.DF | Flag.NT | Flag.FIXED;
    expect(composeFlags(silicon.state)).toBe(always | expected);
  });

  it.each([
    ['null CS', [0, 0, 2], '13(0)'], ['CS is data', [0, Sel.DATA0, 2], `13(${Sel.DATA0})`], ['absent', [0, Sel.ABSENT_CODE0, 2], `11(${Sel.ABSENT_CODE0})`], ['beyond the segment', [0x1000, Sel.SMALL_CODE0, 2], '13(0)'],
    ['outer SS null', [0, Sel.CODE3 | 3, 2, 0, 0], '13(0)'], ['outer SS of another ring', [0, Sel.CODE3 | 3, 2, 0, Sel.DATA0 | 3], `13(${Sel.DATA0})`],
    ['outer SS absent', [0, Sel.CODE3 | 3, 2, 0, Sel.ABSENT_DATA3 | 3], `12(${Sel.ABSENT_DATA3})`], ['virtual-8086 EIP', [0x10000, 0, Flag.VM], '13(0)'],
  ] as const)('fault: %s', (_, words, fault) => {
    const silicon = protectedMachine();
    push(silicon, ...words);
    const before = snapshot(silicon);
    expect(run(silicon, 'iret')).toBe(false);
    expect([silicon.fault, snapshot(silicon)]).toEqual([fault, before]);
  });

  it('enters virtual-8086 mode from ring 0, and INT comes back', () => {
    const silicon = protectedMachine();
    push(silicon, 0x10, 0x200, Flag.VM | Flag.IF | Flag.FIXED, 0x700, 0x201, 0x202, 0x203, 0x204, 0x205);
    expect(run(silicon, 'iret')).toBe(true);
    const { state } = silicon;
    expect([state[Word.CPL], state[Word.ESP], state[Word.EIP], composeFlags(state)]).toEqual([3, 0x700, 0x10, Flag.VM | Flag.IF | Flag.FIXED]);
    expect([Segment.ES, Segment.CS, Segment.SS, Segment.DS, Segment.FS, Segment.GS].map((register) => state[Word.BASE + register])).toEqual([0x2020, 0x2000, 0x2010, 0x2030, 0x2040, 0x2050]);
  });

  it('in virtual-8086 mode obeys IOPL and keeps it', () => {
    const refused = virtual8086Machine(2);
    run(refused, 'iret', { operandSize: 16 });
    expect(refused.fault).toBe('13(0)');
    const silicon = virtual8086Machine(3);
    silicon.setWord(0x1020 + 0x800, 0x02000010);
    silicon.setHalf(0x1020 + 0x804, Flag.IF);
    expect(run(silicon, 'iret', { operandSize: 16 })).toBe(true);
    expect([composeFlags(silicon.state), silicon.state[Word.BASE + Segment.CS]]).toEqual([Flag.VM | Flag.IOPL | Flag.IF | Flag.FIXED, 0x2000]);
  });

  it('in real mode loads IOPL and IF', () => {
    const silicon = realMachine();
    silicon.setWord(0x9000, 0x02000010);
    silicon.setHalf(0x9004, Flag.IF | Flag.IOPL);
    expect(run(silicon, 'iret', { operandSize: 16 })).toBe(true);
    expect([composeFlags(silicon.state), silicon.state[Register.ESP]]).toEqual([Flag.IF | Flag.IOPL | Flag.FIXED, 0x1006]);
  });

  it('tells the machine when IF changes, and only then', () => {
    const silicon = protectedMachine();
    push(silicon, 0x700, Sel.CODE0, Flag.FIXED);
    run(silicon, 'iret');
    expect(silicon.log).not.toContain('interrupt-flag');
    push(silicon, 0x700, Sel.CODE0, Flag.FIXED | Flag.IF);
    run(silicon, 'iret');
    expect(silicon.log).toContain('interrupt-flag');
  });
});
