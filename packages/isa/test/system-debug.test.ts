import { describe, expect, it } from 'vitest';
import { CPU_MODELS, CR0, CR4, Debug6, Debug7, Flag, Segment, Vector, Word, composeFlags, dataBreakpoints, deliverFault, deliverHardwareInterrupt, hasInstructionBreakpoints, instructionBreakpoints, isMisaligned, portBreakpoints, resetProcessor, visitDataBreakpointPages } from '../src/index.js';
import { GENERAL_DETECT } from '../src/system/debug.js';
import { checkOperand } from '../src/x87/memory.js';
import { Place, Sel, protectedMachine, putGate } from './support/fake-silicon.js';
import type { FakeSilicon } from './support/fake-silicon.js';
import { operandsOf, run } from './support/run.js';

const EXECUTE = 0, WRITE = 1, PORT = 2, ACCESS = 3;
const BYTE = 0, WORD = 1, EIGHT = 2, LONG = 3;
const INTERRUPT_GATE = 0x8e;
const HANDLER = 0x5000;

/** A breakpoint armed by Ln. */
function arm(silicon: FakeSilicon, number: number, address: number, condition: number, length: number, enable = 1): void {
  const { state } = silicon;
  state[Word.DR + number] = address;
  state[Word.DR + 7] |= (enable << (2 * number)) | ((condition | (length << 2)) << (Debug7.FIELDS_SHIFT + 4 * number));
}

describe('breakpoint conditions', () => {
  // Length, address, first byte and size of the access: SDM vol. 3, table 17-2.
  it.each([
    [BYTE, 0xa0001, 0xa0001, 1, true], [BYTE, 0xa0001, 0xa0000, 2, true], [BYTE, 0xa0001, 0xa0000, 4, true], [BYTE, 0xa0001, 0xa0002, 4, false], [BYTE, 0xa0001, 0x9fffd, 4, false], [BYTE, 0xa0001, 0x9fffe, 4, true],
    [WORD, 0xb0002, 0xb0003, 1, true], [WORD, 0xb0002, 0xb0001, 1, false], [WORD, 0xb0003, 0xb0002, 1, true], [LONG, 0xc0000, 0xc0003, 1, true], [LONG, 0xc0000, 0xc0004, 4, false],
    [LONG, 0xc0002, 0xc0000, 1, true], [EIGHT, 0xc0000, 0xc0007, 1, true], [EIGHT, 0xc0000, 0xc0008, 1, false], [LONG, -4, -1, 1, true], [BYTE, 0, -1, 2, true], [LONG, 0x80000000 | 0, 0x7fffffff, 2, true],
  ])('LEN %i at %i: %i of %i bytes: %s', (length, address, first, bytes, met) => {
    const silicon = protectedMachine();
    arm(silicon, 2, address, WRITE, length);
    expect([dataBreakpoints(silicon.state, first, bytes, true), dataBreakpoints(silicon.state, first, bytes, false)]).toEqual([met ? 4 : 0, 0]);
  });

  it('tell reads from writes, and armed ones from others: only those set B0 to B3', () => {
    const silicon = protectedMachine();
    arm(silicon, 0, 0x100, WRITE, LONG);
    arm(silicon, 1, 0x100, ACCESS, LONG, 2);
    arm(silicon, 2, 0x100, ACCESS, LONG, 0);
    arm(silicon, 3, 0x100, PORT, LONG);
    expect([dataBreakpoints(silicon.state, 0x100, 4, true), dataBreakpoints(silicon.state, 0x100, 4, false)]).toEqual([3, 2]);
    const pages: number[] = [];
    visitDataBreakpointPages(silicon.state, (page) => pages.push(page));
    expect([pages, hasInstructionBreakpoints(silicon.state)]).toEqual([[0, 0], false]);
  });

  it('on ports need CR4.DE', () => {
    const silicon = protectedMachine();
    arm(silicon, 1, 0x3f8, PORT, LONG);
    expect(portBreakpoints(silicon.state, 0x3f8, 1)).toBe(0);
    silicon.state[Word.CR4] = CR4.DE;
    expect([0x3f7, 0x3f8, 0x3fb, 0x3fc].map((port) => portBreakpoints(silicon.state, port, 1))).toEqual([0, 2, 2, 0]);
    expect(portBreakpoints(silicon.state, 0x3f7, 2)).toBe(2);
  });

  it('on instructions are met by the first byte', () => {
    const silicon = protectedMachine();
    arm(silicon, 0, 0x500, EXECUTE, BYTE);
    arm(silicon, 3, 0x500, EXECUTE, LONG);
    expect([instructionBreakpoints(silicon.state, 0x500), instructionBreakpoints(silicon.state, 0x501), hasInstructionBreakpoints(silicon.state)]).toEqual([9, 0, true]);
  });
});

it.each([[1, 1, false], [1, 2, true], [2, 2, false], [2, 4, true], [4, 6, false], [2, 6, true], [4, 8, true], [8, 10, false], [4, 10, true]])('address %i with %i bytes is misaligned: %s', (address, bytes, expected) => {
  expect(isMisaligned(address, bytes)).toBe(expected);
});

it.each([[8, 4, '17(0)'], [8, 8, 'none'], [10, 4, '17(0)'], [10, 8, 'none'], [4, 4, 'none'], [28, 4, 'none']])('an x87 operand of %i bytes at %i in ring 3 with AM and AC: %s', (bytes, offset, fault) => {
  const silicon = protectedMachine(3, Flag.AC);
  silicon.state[Word.CR0] |= CR0.AM;
  expect([checkOperand(silicon, operandsOf({ memory: true, segment: Segment.DS, offset }), bytes, false), silicon.fault]).toEqual([fault === 'none', fault]);
  const kernel = protectedMachine(0, Flag.AC);
  kernel.state[Word.CR0] |= CR0.AM;
  expect(checkOperand(kernel, operandsOf({ memory: true, segment: Segment.DS, offset }), bytes, false)).toBe(true);
});

describe('RF in the pushed image (SDM vol. 3, 17.3.1.1)', () => {
  const deliver = (event: (silicon: FakeSilicon) => void, prepare: (silicon: FakeSilicon) => void = () => undefined): boolean => {
    const silicon = protectedMachine();
    for (const vector of [Vector.DB, Vector.NMI, Vector.BP, Vector.UD, Vector.AC, 0x20, 0x30]) putGate(silicon, Place.IDT + 8 * vector, Sel.CODE0, HANDLER, INTERRUPT_GATE);
    prepare(silicon);
    event(silicon);
    expect([silicon.state[Word.EIP], silicon.state[Word.REPEATING], composeFlags(silicon.state) & Flag.RF]).toEqual([HANDLER, 0, 0]);
    const hasCode = silicon.state[Word.ESP] === Place.STACK0 - 16;
    return (silicon.word(silicon.state[Word.ESP] + (hasCode ? 12 : 8)) & Flag.RF) !== 0;
  };
  const fault = (vector: number, error = 0) => (silicon: FakeSilicon) => deliverFault(silicon, vector, error);
  const withRf = (silicon: FakeSilicon): void => { silicon.state[Word.FLAG_SYSTEM] |= Flag.RF; };
  const repeating = (silicon: FakeSilicon): void => { silicon.state[Word.REPEATING] = 1; };

  it('is set by faults, #AC and general detect among them', () => expect([Vector.UD, Vector.AC].map((vector) => deliver(fault(vector))).concat(deliver(fault(Vector.DB, GENERAL_DETECT)))).toEqual([true, true, true]));
  it('is kept by traps, instruction breakpoints, NMIs and interrupts', () => {
    for (const event of [fault(Vector.DB), fault(Vector.NMI), (silicon: FakeSilicon) => deliverHardwareInterrupt(silicon, 0x20)]) expect([deliver(event), deliver(event, withRf)]).toEqual([false, true]);
  });
  it('is set between iterations', () => {
    for (const event of [fault(Vector.DB), (silicon: FakeSilicon) => deliverHardwareInterrupt(silicon, 0x20)]) expect(deliver(event, repeating)).toBe(true);
  });
  it('is cleared by software interrupts', () => {
    expect(deliver((silicon) => run(silicon, 'int', { immediate: 0x30 }), withRf)).toBe(false);
    expect([deliver((silicon) => run(silicon, 'int3'), withRf), deliver((silicon) => run(silicon, 'int1'), withRf)]).toEqual([false, false]);
  });
});

describe('entering the debug handler', () => {
  it.each([['as an exception', (silicon: FakeSilicon) => deliverFault(silicon, Vector.DB, 0)], ['by INT1', (silicon: FakeSilicon) => run(silicon, 'int1')]] as const)('clears GD: %s', (_, enter) => {
    const silicon = protectedMachine();
    putGate(silicon, Place.IDT + 8 * Vector.DB, Sel.CODE0, HANDLER, INTERRUPT_GATE);
    silicon.state[Word.DR + 7] = Debug7.GD | 3;
    enter(silicon);
    expect([silicon.state[Word.DR + 7], silicon.state[Word.DR + 6]]).toEqual([3, 0]);
  });
});

it.each(['mov-to-dr', 'mov-from-dr'] as const)('%s in ring 3 is #GP(0) though GD is set', (mnemonic) => {
  const silicon = protectedMachine(3);
  silicon.state[Word.DR + 7] = Debug7.GD;
  run(silicon, mnemonic, { target: 0, register: 0 });
  expect([silicon.fault, silicon.state[Word.DR + 6]]).toEqual(['13(0)', 0]);
});

it('an NMI blocks further ones', () => {
  const silicon = protectedMachine();
  putGate(silicon, Place.IDT + 8 * Vector.NMI, Sel.CODE0, HANDLER, INTERRUPT_GATE);
  deliverFault(silicon, Vector.NMI, 0);
  expect([silicon.state[Word.NMI_BLOCKED], silicon.counts.get('exception.2')]).toEqual([1, 1]);
});

describe('RESET and INIT (SDM vol. 3, table 9-1)', () => {
  const afterwards = (kind: 'reset' | 'init'): FakeSilicon => {
    const silicon = protectedMachine(3, Flag.IF | Flag.ZF);
    silicon.state[Word.FEATURES] = CPU_MODELS.i686.features;
    silicon.state.fill(-1, Word.DR, Word.DR + 8);
    silicon.state.fill(-1, Word.SYSENTER_CS, Word.SYSENTER_CS + 1);
    silicon.state[Word.CR4] = CR4.DE;
    silicon.state[Word.X87_CONTROL] = 0x37f;
    resetProcessor(silicon, kind);
    return silicon;
  };
  it.each(['reset', 'init'] as const)('%s: the core', (kind) => {
    const { state, log } = afterwards(kind);
    expect([state[Word.EIP], state[Word.SELECTOR + Segment.CS], state[Word.BASE + Segment.CS] >>> 0, state[Word.LIMIT + Segment.CS], state[Word.CPL]]).toEqual([0xfff0, 0xf000, 0xffff0000, 0xffff, 0]);
    expect([state[Word.CR0] >>> 0, state[Word.CR4], state[Word.EDX], state[Word.EAX], composeFlags(state)]).toEqual([0x60000010, 0, 0x619, 0, Flag.FIXED]);
    expect([...state.subarray(Word.DR, Word.DR + 8)]).toEqual([0, 0, 0, 0, 0, 0, Debug6.FIXED_ONES, Debug7.FIXED_ONES]);
    expect([Segment.ES, Segment.SS, Segment.DS, Segment.FS, Segment.GS].map((segment) => [state[Word.BASE + segment], state[Word.LIMIT + segment], state[Word.ACCESS + segment]])).toEqual(Array.from({ length: 5 }, () => [0, 0xffff, 0x93]));
    expect([state[Word.IDTR_BASE], state[Word.IDTR_LIMIT], state[Word.GDTR_LIMIT]]).toEqual([0, 0xffff, 0xffff]);
    expect(log).toEqual(expect.arrayContaining(['flush', 'debug registers', 'alignment']));
  });
  it('INIT leaves the x87 and the model-specific registers alone', () => {
    expect(['reset', 'init'].map((kind) => afterwards(kind as 'reset' | 'init').state).map((state) => [state[Word.X87_CONTROL], state[Word.SYSENTER_CS]])).toEqual([[0x40, 0], [0x37f, -1]]);
  });
});
