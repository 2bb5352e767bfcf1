import { Word } from '../state.js';
import { Extended, loadRegister, raise, setIndefinite, storeRegister, unit } from './extended.js';
import { Exception, REGISTERS, Status } from './words.js';

/** The register stack (SDM vol. 1, 8.1.2), and how an instruction's exceptions reach the status word. */

// Hot path: a constant of this module folds into the code, a property of an imported object does not.
const { X87_STATUS, X87_TOP, X87_VALID } = Word;

const LAST = REGISTERS - 1;
const C1_BIT = 9;

/** Number of the physical register that is ST(i). */
export function physical(state: Int32Array, i: number): number {
  return (state[X87_TOP] + i) & LAST;
}

export function isEmpty(state: Int32Array, i: number): boolean {
  return ((state[X87_VALID] >>> ((state[X87_TOP] + i) & LAST)) & 1) === 0;
}

/** Loads ST(i), empty or not. */
export function loadStack(state: Int32Array, i: number, x: Extended): void {
  loadRegister(state, (state[X87_TOP] + i) & LAST, x);
}

export function storeStack(state: Int32Array, i: number, x: Extended): void {
  storeRegister(state, (state[X87_TOP] + i) & LAST, x);
}

export function push(state: Int32Array, x: Extended): void {
  state[X87_TOP] = (state[X87_TOP] - 1) & LAST;
  storeRegister(state, state[X87_TOP], x);
}

export function pop(state: Int32Array): void {
  state[X87_VALID] &= ~(1 << state[X87_TOP]);
  state[X87_TOP] = (state[X87_TOP] + 1) & LAST;
}

/** An operand's register is empty: invalid, with C1 = 0. True if masked: the indefinite is delivered (SDM vol. 1, 8.5.1.1). */
export function stackUnderflow(result: Extended): boolean {
  setIndefinite(result);
  unit.raised |= Status.STACK_FAULT;
  return raise(Exception.INVALID);
}

/** A push finds its register occupied: invalid, with C1 = 1. */
export function stackOverflow(result: Extended): boolean {
  setIndefinite(result);
  unit.raised |= Status.STACK_FAULT;
  unit.roundedUp = 1;
  return raise(Exception.INVALID);
}

/** Merges what the instruction raised into the status word. C1 says that the result was rounded up, or the stack overflowed. */
export function commit(state: Int32Array): void {
  const { raised, control, roundedUp } = unit;
  let status = (state[X87_STATUS] & ~Status.C1) | raised | (roundedUp << C1_BIT);
  if ((raised & ~control & Exception.ALL) !== 0) status |= Status.ERROR_SUMMARY;
  state[X87_STATUS] = status;
}

/** `commit` of an instruction that sets all four condition codes. */
export function commitConditions(state: Int32Array, conditions: number): void {
  commit(state);
  state[X87_STATUS] = (state[X87_STATUS] & ~Status.CONDITIONS) | conditions;
}
