import { HOT_SET, type HotSet } from '@ringbench/interpreter';
import { Feature, Word, resetX87 } from '@ringbench/isa';
import { describe, expect, it } from 'vitest';
import { BareMachine, CODE, EXIT, createChooser } from './support/bare-machine.js';

/**
 * Random x87 programs in the hot loop and outside: WebAssembly and JavaScript printed from the same recordings, and the procedures to which both leave, must end
 * in the same state. That a recording means what its procedure means is tested in isa (x87-recorded) and in fast-paths.test.ts.
 */

const NO_HOT_LOOP: HotSet = { operations: [], pairs: [] };
const PROGRAMS = 60;
const LENGTH = 120;
const DATA = 0x6000;
const CELLS = 32;
const BUDGET = 10_000;
/** 53- and 64-bit precision to nearest, everything masked; now and then another rounding, or precision exceptions. */
const CONTROLS = [0x27f, 0x37f, 0x27f, 0x37f, 0x67f, 0x25f] as const;

type Choose = (of: number) => number;

/** Opcode and the /digit of forms with a memory operand, m32 or m64. */
const MEMORY_FORMS: readonly (readonly [opcode: number, digit: number])[] = [
  [0xdd, 0], [0xdd, 0], [0xdd, 3], [0xdd, 2], [0xd9, 0], [0xd9, 3], [0xdb, 0], [0xdc, 0], [0xdc, 1], [0xdc, 4], [0xdc, 5], [0xd8, 0], [0xd8, 1], [0xdc, 3],
];
/** Opcode and base of forms with ST(i). */
const STACK_FORMS: readonly (readonly [opcode: number, base: number])[] = [
  [0xd9, 0xc0], [0xd9, 0xc8], [0xdd, 0xd0], [0xdd, 0xd8], [0xd8, 0xc0], [0xd8, 0xc8], [0xd8, 0xe0], [0xd8, 0xe8], [0xdc, 0xc0], [0xdc, 0xc8], [0xdc, 0xe0], [0xdc, 0xe8],
  [0xde, 0xc0], [0xde, 0xc8], [0xde, 0xe0], [0xde, 0xe8], [0xdb, 0xe8], [0xdb, 0xf0], [0xdf, 0xe8], [0xd8, 0xf0],
];
/** FLD1, FLDZ, FCHS, FABS, FUCOMPP, FSQRT, FNSTSW AX, FNCLEX. */
const PLAIN_FORMS: readonly (readonly number[])[] = [[0xd9, 0xe8], [0xd9, 0xee], [0xd9, 0xe0], [0xd9, 0xe1], [0xda, 0xe9], [0xd9, 0xfa], [0xdf, 0xe0], [0xdb, 0xe2]];

function instruction(choose: Choose): readonly number[] {
  const kind = choose(10);
  if (kind === 0) return PLAIN_FORMS[choose(PLAIN_FORMS.length)];
  if (kind < 5) {
    const [opcode, base] = STACK_FORMS[choose(STACK_FORMS.length)];
    return [opcode, base + choose(4)];
  }
  const [opcode, digit] = MEMORY_FORMS[choose(MEMORY_FORMS.length)];
  // [EBX + disp8], or [EBX + ESI * 8 + disp8]
  return choose(2) === 0 ? [opcode, 0x43 | (digit << 3), choose(CELLS / 2) * 8] : [opcode, 0x44 | (digit << 3), 0xf3, choose(CELLS / 2) * 8];
}

function dataCells(choose: Choose): number[] {
  const numbers = Float64Array.from({ length: CELLS }, () => (choose(6) === 0 ? 0 : (choose(2000) - 1000) * 2 ** (choose(60) - 30) + choose(1000) / 7));
  return [...new Uint8Array(numbers.buffer)];
}

/** Runs a program to its end; the machine may have run others. */
function finalState(bare: BareMachine, program: readonly number[], data: readonly number[], control: number): { state: number[]; memory: number[] } {
  const { processor } = bare.machine;
  bare.load({ at: [[CODE, [...program, ...EXIT]], [DATA, data]] });
  const { state } = processor;
  state[Word.FEATURES] |= Feature.FPU;
  resetX87(state);
  state[Word.X87_CONTROL] = control;
  state[Word.EBX] = DATA;
  state[Word.ESI] = 2;
  // Exceptions that are not masked are ignored (IGNNE#).
  processor.onFloatingPointError = () => true;
  expect(bare.run(BUDGET).kind).toBe('exit');
  const words = [...state];
  // What the executor keeps for itself.
  for (const name of ['BUDGET', 'MICRO_OP'] as const) words[Word[name]] = 0;
  return { state: words, memory: Array.from({ length: CELLS * 2 }, (_, index) => processor.load(DATA + 4 * index, 4, true)) };
}

describe('x87 programs', () => {
  it('end the same inside and outside the hot loop', () => {
    const inside = new BareMachine(HOT_SET);
    const outside = new BareMachine(NO_HOT_LOOP);
    for (let seed = 1; seed <= PROGRAMS; seed++) {
      const choose = createChooser(seed);
      const data = dataCells(choose);
      const program = Array.from({ length: LENGTH }, () => instruction(choose)).flat();
      const control = CONTROLS[choose(CONTROLS.length)];
      expect(finalState(inside, program, data, control), `seed ${seed}`).toEqual(finalState(outside, program, data, control));
    }
  });

  it('leave their address, and their operand\'s, in the pointers', () => {
    // fld qword [ebx]; fadd qword [ebx + esi * 8 + 8]
    const { state } = finalState(new BareMachine(HOT_SET), [0xdd, 0x03, 0xdc, 0x44, 0xf3, 0x08], dataCells(createChooser(1)), CONTROLS[0]);
    expect([state[Word.X87_FIP], state[Word.X87_FDP], state[Word.X87_FOP], state[Word.X87_FCS], state[Word.X87_FDS]]).toEqual([CODE + 2, DATA + 24, 0x444, 0x08, 0x10]);
  });
});
