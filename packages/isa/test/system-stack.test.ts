import { describe, expect, it } from 'vitest';
import { Register, Segment, Vector, Word, deliverFault } from '../src/index.js';
import { protectedMachine, realMachine, snapshot } from './support/fake-silicon.js';
import type { FakeSilicon } from './support/fake-silicon.js';
import { NEXT, run } from './support/run.js';

/** A 16-bit stack at its ends. The results in real mode are those of an 80286 (scripts/oracle/real-80286.mjs) but for the vector, 13 there. */

const STACK = 0x8000;
const UPPER = 0x12340000;

function machineWithSp(sp: number): FakeSilicon {
  const silicon = realMachine();
  silicon.state[Register.ESP] = UPPER | sp;
  return silicon;
}

describe('an item across the end of the stack is beyond the limit', () => {
  it.each([
    ['retf', 0xffff], ['retf', 0xfffd], ['iret', 0xffff], ['iret', 0xfffd], ['iret', 0xfffb], ['popf', 0xffff], ['pop-sreg', 0xffff], ['callf', 1], ['callf', 3], ['int3', 1], ['int3', 3], ['int3', 5],
    ['pushf', 1], ['enter', 1],
  ] as const)('%s with SP %i', (mnemonic, sp) => {
    const silicon = machineWithSp(sp);
    const before = snapshot(silicon);
    expect(run(silicon, mnemonic, { operandSize: 16, target: Segment.ES, selector: 0x200 })).toBe(false);
    expect([silicon.fault, snapshot(silicon)]).toEqual(['12(0)', before]);
  });

  it('of 32 bits too', () => {
    const silicon = machineWithSp(0xfffa);
    expect(run(silicon, 'retf', { operandSize: 32 })).toBe(false);
    expect(silicon.fault).toBe('12(0)');
  });

  it('so no exception can be delivered there, and the processor shuts down', () => {
    const silicon = machineWithSp(3);
    expect(deliverFault(silicon, Vector.UD, 0)).toBe(false);
    expect(silicon.log.at(-1)).toBe('shutdown');
  });
});

describe('between two items the pointer wraps', () => {
  it('up', () => {
    const silicon = machineWithSp(0xfffe);
    silicon.setHalf(STACK + 0xfffe, 0x10);
    silicon.setHalf(STACK, 0x234);
    expect(run(silicon, 'retf', { operandSize: 16 })).toBe(true);
    expect([silicon.state[Word.SELECTOR + Segment.CS], silicon.state[Word.EIP], silicon.state[Register.ESP]]).toEqual([0x234, 0x10, UPPER | 2]);
  });

  it('down', () => {
    const silicon = machineWithSp(2);
    silicon.setWord(Vector.BP * 4, 0x02340010);
    expect(run(silicon, 'int3', { operandSize: 16 })).toBe(true);
    expect([silicon.state[Register.ESP], silicon.half(STACK + 0xfffe), silicon.half(STACK + 0xfffc)]).toEqual([UPPER | 0xfffc, 0x100, NEXT]);
  });
});

it('a far call to an offset beyond the segment pushes nothing', () => {
  const silicon = machineWithSp(0x1000);
  silicon.setWord(STACK + 0xff8, 0x11111111);
  silicon.setWord(STACK + 0xffc, 0x22222222);
  expect(run(silicon, 'callf', { operandSize: 32, selector: 0x200, farOffset: 0x10000 })).toBe(false);
  expect([silicon.fault, silicon.word(STACK + 0xff8), silicon.word(STACK + 0xffc)]).toEqual(['13(0)', 0x11111111, 0x22222222]);
});

describe('ENTER on a 16-bit stack', () => {
  it.each([
    [32, UPPER | 0xffc, UPPER | 0xfec],
    [16, 0x56780ffe, UPPER | 0xfee],
  ] as const)('with %i-bit operands', (operandSize, frame, top) => {
    const silicon = machineWithSp(0x1000);
    silicon.state[Register.EBP] = 0x5678abcd;
    expect(run(silicon, 'enter', { operandSize, immediate: 0x10 })).toBe(true);
    expect([silicon.state[Register.EBP], silicon.state[Register.ESP], silicon.half(STACK + (frame & 0xffff))]).toEqual([frame, top, 0xabcd]);
  });
});

describe('ENTER in protected mode', () => {
  it.each(['absentPages', 'supervisorPages'] as const)('ENTER faults at the end of the frame as a write does: %s', (pages) => {
    const silicon = protectedMachine(3);
    const pointer = silicon.state[Word.ESP];
    silicon[pages].add((pointer - 0x2000) >>> 12);
    expect(run(silicon, 'enter', { immediate: 0x1ffc, level: 0 })).toBe(false);
    expect([silicon.fault, silicon.state[Word.CR2], silicon.state[Word.ESP]]).toEqual(['14(2)', pointer - 0x2000, pointer]);
  });
});

describe('a stack of 4 GB has no end: an item across the end of the address range is allowed', () => {
  it.each([['pop-sreg', -1, 3], ['push-sreg', 1, -3], ['pop-sreg', -3, 1]] as const)('%s with ESP %i', (mnemonic, pointer, after) => {
    const silicon = protectedMachine();
    silicon.state[Register.ESP] = pointer;
    expect(run(silicon, mnemonic, { operandSize: 32, target: Segment.ES })).toBe(true);
    expect(silicon.state[Register.ESP]).toBe(after);
  });
});
