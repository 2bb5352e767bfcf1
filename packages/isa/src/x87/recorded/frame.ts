import type { Expression } from '../../ir/expression.js';
import type { OperandSource, Recorder } from '../../ir/recorder.js';
import type { Value } from '../../ir/builder.js';
import { CR0, Feature, Flag, Segment } from '../../state.js';
import { REGISTERS, REGISTER_WORDS, Status } from '../words.js';

/** What surrounds the recorded common case of an x87 instruction, as procedure.ts and stack.ts surround the procedures. */

/** A number in expressions: significand, integer bit on top, and the word with sign (bit 15) and biased exponent. */
export interface Fields {
  readonly high: Expression;
  readonly low: Expression;
  readonly top: Expression;
}

/** TOP and the valid bits as the instruction finds them. */
export interface StackState {
  readonly top: Expression;
  readonly valid: Expression;
}

const UNAVAILABLE = CR0.EM | CR0.TS;
const LAST = REGISTERS - 1;
/** In the parameter `index`: the memory operand's segment (ir/expression.ts). */
const SEGMENT_SHIFT = 16;

/** Leaves when the unit is not available, an exception is pending or, with a memory operand, alignment may be checked. */
export function begin(o: Recorder, hasMemoryOperand: boolean): void {
  const hindered = o.or(o.and(o.word('CR0'), UNAVAILABLE), o.and(o.word('X87_STATUS'), Status.ERROR_SUMMARY));
  const isAbsent = o.isZero(o.and(o.word('FEATURES'), Feature.FPU));
  const condition = o.or(hindered, isAbsent);
  o.leaveIf(hasMemoryOperand ? o.or(condition, o.and(o.word('FLAG_SYSTEM'), Flag.AC)) : condition);
}

/** Leaves the instruction's address, and its operand's, in the pointers (SDM vol. 1, 8.1.8). The consumer passes opcode and EIP (interpreter, lowering.ts). */
export function setPointers(o: Recorder, offset?: Expression): void {
  o.setWord('X87_FIP', o.parameter('source'));
  o.setWord('X87_FCS', o.wordAt('SELECTOR', Segment.CS));
  o.setWord('X87_FOP', o.parameter('destination'));
  if (offset === undefined) return;
  o.setWord('X87_FDP', offset);
  o.setWord('X87_FDS', o.wordAt('SELECTOR', o.shr(o.parameter('index'), SEGMENT_SHIFT)));
}

export function readStack(o: Recorder): StackState {
  return { top: o.let(o.word('X87_TOP')), valid: o.let(o.word('X87_VALID')) };
}

/** The physical register that is ST(number). */
export function physical(o: Recorder, stack: StackState, number: Value): Expression {
  return number === 0 ? stack.top : o.let(o.and(o.add(stack.top, number), LAST));
}

/** The i of ST(i): the low bits of the opcode. */
export function stackOperand(o: Recorder): Expression { return o.and(o.parameter('destination'), LAST); }

/** 1 if a physical register is not empty, in bit 0; the others mean nothing. */
export function present(o: Recorder, stack: StackState, register: Expression): Expression { return o.shr(stack.valid, register); }

export function leaveUnlessPresent(o: Recorder, ...conditions: readonly Expression[]): void {
  o.leaveIf(o.isZero(o.and(conditions.reduce((all, one) => o.and(all, one)), 1)));
}

/** The register that a push makes ST(0); leaves if it is not empty. */
export function pushedRegister(o: Recorder, stack: StackState): Expression {
  const register = physical(o, stack, -1);
  o.leaveIf(o.and(present(o, stack, register), 1));
  return register;
}

export function loadFields(o: Recorder, register: Expression): Fields {
  const at = o.let(o.mul(register, REGISTER_WORDS));
  return { low: o.let(o.wordAt('X87_REGISTERS', at)), high: o.let(o.wordAt('X87_REGISTERS', o.add(at, 1))), top: o.let(o.wordAt('X87_REGISTERS', o.add(at, 2))) };
}

/** Stores a register; its valid bit is the caller's. */
export function storeFields(o: Recorder, register: Expression, { high, low, top }: Fields): void {
  const at = o.let(o.mul(register, REGISTER_WORDS));
  o.setWordAt('X87_REGISTERS', at, low);
  o.setWordAt('X87_REGISTERS', o.add(at, 1), high);
  o.setWordAt('X87_REGISTERS', o.add(at, 2), top);
}

export function pushFields(o: Recorder, stack: StackState, register: Expression, fields: Fields): void {
  storeFields(o, register, fields);
  o.setWord('X87_VALID', o.or(stack.valid, o.shl(1, register)));
  o.setWord('X87_TOP', register);
}

/** Marks ST(0) empty and moves TOP by `count`, 1 or 2. `valid`: the valid bits so far. */
export function popFields(o: Recorder, stack: StackState, count: number, valid: Expression = stack.valid): void {
  let freed = o.shl(1, stack.top);
  if (count === 2) freed = o.or(freed, o.shl(1, physical(o, stack, 1)));
  o.setWord('X87_VALID', o.and(valid, o.not(freed)));
  o.setWord('X87_TOP', o.and(o.add(stack.top, count), LAST));
}

/** The status word of an instruction that raises nothing. */
export function clearC1(o: Recorder): void { o.setWord('X87_STATUS', o.and(o.word('X87_STATUS'), ~Status.C1)); }

/** Offset, and linear address, of a memory operand of `size` bits. */
export function operandAddress(o: Recorder, operand: OperandSource, size: number, write: boolean): { readonly offset: Expression; readonly linear: Expression } {
  const offset = o.effectiveAddress(operand);
  return { offset, linear: o.linearOf(operand, offset, size, write) };
}
