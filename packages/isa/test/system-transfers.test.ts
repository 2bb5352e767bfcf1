import { describe, expect, it } from 'vitest';
import { Access, Register, Segment, Word } from '../src/index.js';
import { Place, Sel, force, protectedMachine, putGate, realMachine, snapshot, virtual8086Machine } from './support/fake-silicon.js';
import type { FakeSilicon } from './support/fake-silicon.js';
import { NEXT, run } from './support/run.js';

const CALL_GATE32 = 0x8c;
const CALL_GATE16 = 0x84;
const DPL3 = 0x60;

function codeAndEip(silicon: FakeSilicon): number[] {
  return [silicon.state[Word.SELECTOR + Segment.CS], silicon.state[Word.EIP], silicon.state[Word.CPL]];
}

describe.each(['jmpf', 'callf'] as const)('%s to a code segment', (mnemonic) => {
  it.each([
    ['null', 0, 0, 0, '13(0)'], ['beyond the limit', 0, 0x200, 0, '13(512)'], ['data', 0, Sel.DATA0, 0, `13(${Sel.DATA0})`], ['RPL above CPL', 0, Sel.CODE0 | 1, 0, `13(${Sel.CODE0})`],
    ['an outer ring', 0, Sel.CODE3, 0, `13(${Sel.CODE3})`], ['an inner ring', 3, Sel.CODE0, 0, `13(${Sel.CODE0})`], ['conforming of an outer ring', 0, Sel.CONFORMING3, 0, `13(${Sel.CONFORMING3})`],
    ['absent', 0, Sel.ABSENT_CODE0, 0, `11(${Sel.ABSENT_CODE0})`], ['offset beyond the segment', 0, Sel.SMALL_CODE0, 0x1000, '13(0)'],
  ] as const)('%s', (_, cpl, selector, farOffset, fault) => {
    const silicon = protectedMachine(cpl);
    const before = snapshot(silicon);
    expect(run(silicon, mnemonic, { selector, farOffset })).toBe(false);
    expect([silicon.fault, snapshot(silicon)]).toEqual([fault, before]);
  });

  it('conforming code keeps CPL, which becomes the RPL', () => {
    const silicon = protectedMachine(3);
    expect(run(silicon, mnemonic, { selector: Sel.CONFORMING0, farOffset: 0x700 })).toBe(true);
    expect(codeAndEip(silicon)).toEqual([Sel.CONFORMING0 | 3, 0x700, 3]);
  });

  it('reads the pointer from memory and truncates a 16-bit offset', () => {
    const silicon = protectedMachine();
    silicon.setHalf(0x600, 0x700);
    silicon.setHalf(0x602, Sel.CODE0);
    expect(run(silicon, mnemonic, { memory: true, offset: 0x600, operandSize: 16 })).toBe(true);
    expect(codeAndEip(silicon)).toEqual([Sel.CODE0, 0x700, 0]);
  });

  it('loads a paragraph number in real and virtual-8086 mode', () => {
    for (const silicon of [realMachine(), virtual8086Machine(0)]) {
      expect(run(silicon, mnemonic, { selector: 0x234, farOffset: 0x10, operandSize: 16 })).toBe(true);
      expect([silicon.state[Word.BASE + Segment.CS], silicon.state[Word.EIP]]).toEqual([0x2340, 0x10]);
      expect(run(silicon, mnemonic, { selector: 0, farOffset: 0x10000 })).toBe(false);
      expect(silicon.fault).toBe('13(0)');
    }
  });
});

describe('CALLF', () => {
  it('pushes CS and EIP in the operand size', () => {
    const silicon = protectedMachine();
    run(silicon, 'callf', { selector: Sel.CODE0, farOffset: 0x700 });
    expect([silicon.word(Place.STACK0 - 4), silicon.word(Place.STACK0 - 8), silicon.state[Word.ESP]]).toEqual([Sel.CODE0, NEXT, Place.STACK0 - 8]);
    run(silicon, 'callf', { selector: Sel.CODE0, farOffset: 0x700, operandSize: 16 });
    expect([silicon.half(Place.STACK0 - 10), silicon.half(Place.STACK0 - 12)]).toEqual([Sel.CODE0, NEXT]);
  });

  it('a page fault on the second push leaves ESP and CS alone', () => {
    const silicon = protectedMachine();
    silicon.state[Word.ESP] = 0x7004;
    silicon.absentPages.add(6);
    const before = snapshot(silicon);
    expect(run(silicon, 'callf', { selector: Sel.CODE0, farOffset: 0x700 })).toBe(false);
    expect([silicon.fault, snapshot(silicon)]).toEqual(['14(2)', before]);
  });

  it('a 16-bit stack wraps within its 64 KB', () => {
    const silicon = protectedMachine();
    force(silicon, Segment.SS, Sel.STACK16);
    silicon.state[Word.ESP] = 0x12340000;
    expect(run(silicon, 'callf', { selector: Sel.CODE0, farOffset: 0x700 })).toBe(true);
    expect([silicon.state[Word.ESP], silicon.word(0xfff8)]).toEqual([0x1234fff8, NEXT]);
  });
});

describe('a 16-bit stack whose pointer wraps in mid-frame', () => {
  it.each([[0xffff, true], [0xfff0, false]])('with limit %i', (limit, allowed) => {
    const silicon = protectedMachine();
    force(silicon, Segment.SS, Sel.STACK16);
    silicon.state[Word.LIMIT + Segment.SS] = limit;
    silicon.state[Word.ESP] = 4;
    expect(run(silicon, 'callf', { selector: Sel.CODE0, farOffset: 0x700 })).toBe(allowed);
    expect([silicon.fault, silicon.state[Word.ESP]]).toEqual(allowed ? ['none', 0xfffc] : ['12(0)', 4]);
    if (allowed) expect([silicon.word(0), silicon.word(0xfffc)]).toEqual([Sel.CODE0, NEXT]);
  });
});

describe('call gates', () => {
  it('takes the parameters to the inner stack', () => {
    const silicon = protectedMachine(3);
    putGate(silicon, Place.GDT + Sel.GATE, Sel.CODE0, 0x12345, CALL_GATE32 | DPL3, 2);
    silicon.setWord(Place.STACK3, 0xaaa);
    silicon.setWord(Place.STACK3 + 4, 0xbbb);
    expect(run(silicon, 'callf', { selector: Sel.GATE | 3 })).toBe(true);
    expect(codeAndEip(silicon)).toEqual([Sel.CODE0, 0x12345, 0]);
    const frame = [0, 4, 8, 12, 16, 20].map((at) => silicon.word(Place.STACK0 - 24 + at));
    expect(frame).toEqual([NEXT, Sel.CODE3 | 3, 0xaaa, 0xbbb, Place.STACK3, Sel.DATA3 | 3]);
    expect([silicon.state[Word.SELECTOR + Segment.SS], silicon.state[Word.ESP], silicon.counts.get('ring.in')]).toEqual([Sel.DATA0, Place.STACK0 - 24, 1]);
  });

  it('a 16-bit gate pushes halves', () => {
    const silicon = protectedMachine(3);
    putGate(silicon, Place.GDT + Sel.GATE, Sel.CODE0, 0x9345, CALL_GATE16 | DPL3);
    expect(run(silicon, 'callf', { selector: Sel.GATE | 3 })).toBe(true);
    expect([silicon.state[Word.EIP], silicon.half(Place.STACK0 - 2), silicon.half(Place.STACK0 - 8)]).toEqual([0x9345, Sel.DATA3 | 3, NEXT]);
  });

  it('JMP through a gate does not change the ring', () => {
    const silicon = protectedMachine(3);
    putGate(silicon, Place.GDT + Sel.GATE, Sel.CODE0, 0, CALL_GATE32 | DPL3);
    run(silicon, 'jmpf', { selector: Sel.GATE | 3 });
    expect(silicon.fault).toBe(`13(${Sel.CODE0})`);
  });

  const GATE_FAULTS: readonly (readonly [string, number, number, number, (s: FakeSilicon) => void, string])[] = [
    ['gate DPL below CPL', CALL_GATE32, Sel.CODE0, 0, () => undefined, `13(${Sel.GATE})`],
    ['gate absent', (CALL_GATE32 | DPL3) & ~Access.PRESENT, Sel.CODE0, 0, () => undefined, `11(${Sel.GATE})`],
    ['null target', CALL_GATE32 | DPL3, 0, 0, () => undefined, '13(0)'],
    ['target is data', CALL_GATE32 | DPL3, Sel.DATA0, 0, () => undefined, `13(${Sel.DATA0})`],
    ['target absent', CALL_GATE32 | DPL3, Sel.ABSENT_CODE0, 0, () => undefined, `11(${Sel.ABSENT_CODE0})`],
    ['TSS too small', CALL_GATE32 | DPL3, Sel.CODE0, 0, (s: FakeSilicon) => (s.state[Word.LIMIT + Segment.TR] = 8), `10(${Sel.TSS})`],
    ['null SS0', CALL_GATE32 | DPL3, Sel.CODE0, 0, (s: FakeSilicon) => s.setHalf(Place.TSS + 8, 0), '10(0)'],
    ['SS0 beyond the GDT', CALL_GATE32 | DPL3, Sel.CODE0, 0, (s: FakeSilicon) => s.setHalf(Place.TSS + 8, 0x200), '10(512)'],
    ['SS0 of the wrong ring', CALL_GATE32 | DPL3, Sel.CODE0, 0, (s: FakeSilicon) => s.setHalf(Place.TSS + 8, Sel.DATA3), `10(${Sel.DATA3})`],
    ['SS0 absent', CALL_GATE32 | DPL3, Sel.CODE0, 0, (s: FakeSilicon) => s.setHalf(Place.TSS + 8, Sel.ABSENT_DATA0), `12(${Sel.ABSENT_DATA0})`],
    ['no room', CALL_GATE32 | DPL3, Sel.CODE0, 0, (s: FakeSilicon) => { s.setHalf(Place.TSS + 8, Sel.EXPAND_DOWN0); s.setWord(Place.TSS + 4, 0x1008); }, `12(${Sel.EXPAND_DOWN0})`],
    ['offset beyond the target', CALL_GATE32 | DPL3, Sel.SMALL_CODE0, 0x1000, () => undefined, '13(0)'],
  ];
  it.each(GATE_FAULTS)('fault: %s', (_, access, target, offset, prepare, fault) => {
    const silicon = protectedMachine(3);
    putGate(silicon, Place.GDT + Sel.GATE, target, offset, access);
    prepare(silicon);
    const before = snapshot(silicon);
    expect(run(silicon, 'callf', { selector: Sel.GATE | 3 })).toBe(false);
    expect([silicon.fault, snapshot(silicon)]).toEqual([fault, before]);
  });
});

describe('RETF', () => {
  function frame(silicon: FakeSilicon, ...words: number[]): void {
    words.forEach((word, index) => silicon.setWord(silicon.state[Word.ESP] + 4 * index, word));
  }

  it('returns to the same ring and releases the parameters', () => {
    const silicon = protectedMachine();
    frame(silicon, 0x700, Sel.CODE0);
    expect(run(silicon, 'retf', { immediate: 8 })).toBe(true);
    expect([...codeAndEip(silicon), silicon.state[Word.ESP]]).toEqual([Sel.CODE0, 0x700, 0, Place.STACK0 + 16]);
  });

  it('returns to an outer ring, releases on both stacks and drops inner data segments', () => {
    const silicon = protectedMachine();
    force(silicon, Segment.FS, Sel.DATA3);
    force(silicon, Segment.GS, Sel.CONFORMING0);
    frame(silicon, 0x700, Sel.CODE3 | 3, 0, 0, Place.STACK3, Sel.DATA3 | 3);
    expect(run(silicon, 'retf', { immediate: 8 })).toBe(true);
    expect([...codeAndEip(silicon), silicon.state[Word.ESP]]).toEqual([Sel.CODE3 | 3, 0x700, 3, Place.STACK3 + 8]);
    const selectors = [Segment.DS, Segment.ES, Segment.FS, Segment.GS].map((register) => silicon.state[Word.SELECTOR + register]);
    expect([selectors, silicon.counts.get('ring.out')]).toEqual([[0, 0, Sel.DATA3, Sel.CONFORMING0], 1]);
  });

  it.each([
    ['null CS', [0, 0], '13(0)'], ['CS of an inner ring', [0, Sel.CODE0], `13(${Sel.CODE0})`, 3], ['data', [0, Sel.DATA0], `13(${Sel.DATA0})`], ['DPL is not RPL', [0, Sel.CODE0 | 3], `13(${Sel.CODE0})`],
    ['absent', [0, Sel.ABSENT_CODE0], `11(${Sel.ABSENT_CODE0})`], ['offset beyond the segment', [0x1000, Sel.SMALL_CODE0], '13(0)'], ['outer SS null', [0, Sel.CODE3 | 3, 0, 0], '13(0)'],
    ['outer SS RPL', [0, Sel.CODE3 | 3, 0, Sel.DATA3], `13(${Sel.DATA3})`], ['outer SS absent', [0, Sel.CODE3 | 3, 0, Sel.ABSENT_DATA3 | 3], `12(${Sel.ABSENT_DATA3})`],
  ] as [string, number[], string, (0 | 3)?][])('fault: %s', (_, words, fault, cpl = 0) => {
    const silicon = protectedMachine(cpl);
    frame(silicon, ...words);
    const before = snapshot(silicon);
    expect(run(silicon, 'retf')).toBe(false);
    expect([silicon.fault, snapshot(silicon)]).toEqual([fault, before]);
  });

  it('in real mode pops a paragraph', () => {
    const silicon = realMachine();
    silicon.setWord(0x8000 + 0x1000, 0x02340010);
    expect(run(silicon, 'retf', { operandSize: 16 })).toBe(true);
    expect([silicon.state[Word.BASE + Segment.CS], silicon.state[Word.EIP], silicon.state[Register.ESP]]).toEqual([0x2340, 0x10, 0x1004]);
  });
});
