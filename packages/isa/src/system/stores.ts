import { Segment, Vector, Word } from '../state.js';
import { advance, proveWritable, raiseSegmentFault, segmentAllows, storeSegmented } from './access.js';
import { requireProtectedSegments, writeRegister } from './modes.js';
import type { SystemOperands } from './operands.js';
import type { Silicon } from './silicon.js';
import { Stack } from './stack.js';

/**
 * Instructions that store protection state. The executor runs their recorded semantics (semantics/protection.ts); these procedures are what a monitor runs
 * when they trapped, and a test compares the two.
 */

const POINTER_BYTES = 6;
const BASE_OFFSET = 2;

const stack = new Stack();

/** Stores a selector or CR0: 16 bits to memory, the operand size to a register. */
function storeWord(silicon: Silicon, op: SystemOperands, value: number): boolean {
  if (op.memory) {
    if (!storeSegmented(silicon, op.segment, op.offset, 2, value)) return false;
  } else writeRegister(silicon.state, op.register, op.operandSize, value);
  return advance(silicon, op);
}

/** A pseudo-descriptor is stored whole or not at all. */
function storePointer(silicon: Silicon, op: SystemOperands, baseWord: number, limitWord: number): boolean {
  const { state } = silicon;
  if (!op.memory) return silicon.raise(Vector.UD, 0);
  if (!segmentAllows(state, op.segment, op.offset, POINTER_BYTES, true)) return raiseSegmentFault(silicon, op.segment);
  const linear = (state[Word.BASE + op.segment] + op.offset) | 0;
  if (!proveWritable(silicon, linear, POINTER_BYTES)) return false;
  silicon.store(linear, 2, state[limitWord], false);
  // All 32 bits of the base whatever the operand size, as the P6 does; in halves, because it is the whole that has to be aligned (SDM vol. 3, table 6-7).
  silicon.store((linear + BASE_OFFSET) | 0, 2, state[baseWord], false);
  silicon.store((linear + BASE_OFFSET + 2) | 0, 2, state[baseWord] >>> 16, false);
  return !silicon.faulted && advance(silicon, op);
}

/** SGDT. */
export function storeGlobalTable(silicon: Silicon, op: SystemOperands): boolean {
  return storePointer(silicon, op, Word.GDTR_BASE, Word.GDTR_LIMIT);
}

/** SIDT. */
export function storeInterruptTable(silicon: Silicon, op: SystemOperands): boolean {
  return storePointer(silicon, op, Word.IDTR_BASE, Word.IDTR_LIMIT);
}

/** SLDT. */
export function storeLocalTable(silicon: Silicon, op: SystemOperands): boolean {
  return requireProtectedSegments(silicon) && storeWord(silicon, op, silicon.state[Word.SELECTOR + Segment.LDTR]);
}

/** STR. */
export function storeTaskRegister(silicon: Silicon, op: SystemOperands): boolean {
  return requireProtectedSegments(silicon) && storeWord(silicon, op, silicon.state[Word.SELECTOR + Segment.TR]);
}

/** SMSW: a 32-bit register gets all of CR0, as on the P6. */
export function storeMachineStatus(silicon: Silicon, op: SystemOperands): boolean {
  return storeWord(silicon, op, silicon.state[Word.CR0]);
}

/** MOV r/m16, Sreg. */
export function storeSegmentSelector(silicon: Silicon, op: SystemOperands): boolean {
  return op.target > Segment.GS ? silicon.raise(Vector.UD, 0) : storeWord(silicon, op, silicon.state[Word.SELECTOR + op.target]);
}

/** PUSH Sreg: a 32-bit push moves ESP by four and writes the low word only, as the P6 does (SDM vol. 2, PUSH). */
export function pushSegmentSelector(silicon: Silicon, op: SystemOperands): boolean {
  const { state } = silicon;
  stack.openCurrent(state);
  stack.release(op.operandSize === 32 ? -4 : -2);
  if (!storeSegmented(silicon, Segment.SS, stack.pointer & stack.mask, 2, state[Word.SELECTOR + op.target])) return false;
  state[Word.ESP] = stack.pointer;
  return advance(silicon, op);
}
