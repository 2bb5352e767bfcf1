import { describe, expect, it } from 'vitest';
import { HOT_SET } from '@ringbench/interpreter';
import { CR0, Feature, Vector, Word, resetX87 } from '@ringbench/isa';
import { BareMachine, CODE, EXIT, word } from './support/bare-machine.js';

/** x87 instructions from bytes: that operands reach their procedures, and that FWAIT finds what is pending. */

const DATA = 0x6000;
const HANDLER = 0x9000;
const MARK = 0x4d;

function start(code: readonly number[], numericError: number): { bare: BareMachine; byteAt: (address: number) => number; run: () => string } {
  const bare = new BareMachine(HOT_SET);
  const { processor } = bare.machine;
  bare.load({ at: [[CODE, [...code, ...EXIT]], [HANDLER, [0xc6, 0x05, ...word(DATA + 16), MARK, ...EXIT]]], handlers: { [Vector.MF]: HANDLER, [Vector.NM]: HANDLER } });
  processor.state[Word.FEATURES] |= Feature.FPU;
  processor.state[Word.CR0] |= numericError;
  resetX87(processor.state);
  const at = (address: number): number => processor.load(address, 1, true);
  return { bare, byteAt: at, run: () => bare.machine.run(1000).kind };
}

describe('x87 through the interpreter', () => {
  it('computes with register, memory and integer operands', () => {
    // fninit; fld1; fldpi; faddp; fstp qword [DATA]; fild dword [DATA+8] is 0; fld1; fsubp; fistp dword [DATA+8]; fnstsw ax; mov [DATA+12], ax
    const { run, byteAt } = start([
      0xdb, 0xe3, 0xd9, 0xe8, 0xd9, 0xeb, 0xde, 0xc1, 0xdd, 0x1d, ...word(DATA), 0xdb, 0x05, ...word(DATA + 8), 0xd9, 0xe8, 0xde, 0xe9, 0xdb, 0x1d, ...word(DATA + 8),
      0x9b, 0xdf, 0xe0, 0x66, 0xa3, ...word(DATA + 12),
    ], CR0.NE);
    expect(run()).toBe('exit');
    expect(Array.from({ length: 14 }, (_, index) => byteAt(DATA + index))).toEqual([...new Uint8Array(new Float64Array([Math.PI + 1]).buffer), 0xff, 0xff, 0xff, 0xff, 0x20, 0x00]); // pi + 1, -1; only PE
  });

  it.each([['with CR0.NE is #MF', CR0.NE, MARK], ['without it and with IGNNE# asserted is ignored', 0, 0]] as const)('FWAIT after an unmasked division by zero %s', (_name, numericError, mark) => {
    // fninit; fldz; fld1; push 0x37b; fldcw [esp]; fdivrp: 1/0; fwait
    const { bare, run, byteAt } = start([0xdb, 0xe3, 0xd9, 0xe8, 0xd9, 0xee, 0x68, ...word(0x37b), 0xd9, 0x2c, 0x24, 0xde, 0xf9, 0x9b], numericError);
    bare.machine.processor.onFloatingPointError = () => true;
    expect(run()).toBe('exit');
    expect(byteAt(DATA + 16)).toBe(mark);
  });
});
