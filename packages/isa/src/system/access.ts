import { Access, Segment, Vector, Word } from '../state.js';
import { LOW_WORD, hasParagraphSegments } from './modes.js';
import type { Silicon } from './silicon.js';
import type { SystemOperands } from './operands.js';

// Hot path: a constant of this module folds into the code, a property of an imported object does not.
const { ACCESS, BASE, EIP, LIMIT, READ_TOP, WRITE_TOP } = Word;

const OFFSET_TOP = 0xffffffff;
/** LIMIT of a segment of 4 GB. */
export const UNLIMITED = -1;
/** The fast-path bounds hold for accesses of up to 8 bytes. */
const WIDEST_ACCESS_MINUS_ONE = 7;

/**
 * True when `bytes` bytes at `first` (unsigned) lie inside a segment with this limit and access word (SDM vol. 3, 5.3). Where the limit is 4 GB an access that goes on
 * at offset 0 may or may not fault, says the manual; here it does not, so that flat code needs no check.
 */
export function rangeInLimit(access: number, limit: number, first: number, bytes: number): boolean {
  const last = first + bytes - 1;
  if ((access & (Access.CODE | Access.EXPAND_DOWN)) === Access.EXPAND_DOWN) {
    return first > limit >>> 0 && last <= ((access & Access.BIG) !== 0 ? OFFSET_TOP : LOW_WORD);
  }
  return last <= limit >>> 0 || limit === UNLIMITED;
}

function typeAllows(access: number, write: boolean): boolean {
  if ((access & Access.CODE) === 0) return !write || (access & Access.WRITABLE) !== 0;
  return !write && (access & Access.READABLE) !== 0;
}

/** The full segment check of a data access: the slow path behind READ_TOP and WRITE_TOP. */
export function segmentAllows(state: Int32Array, segment: number, offset: number, bytes: number, write: boolean): boolean {
  const access = state[ACCESS + segment];
  if ((access & Access.UNUSABLE) !== 0) return false;
  if (!hasParagraphSegments(state) && !typeAllows(access, write)) return false;
  return rangeInLimit(access, state[LIMIT + segment], offset >>> 0, bytes);
}

/** Recomputes READ_TOP and WRITE_TOP from the descriptor cache. */
export function refreshSegment(state: Int32Array, segment: number): void {
  const access = state[ACCESS + segment];
  const limit = state[LIMIT + segment] >>> 0;
  const plain = (access & Access.UNUSABLE) === 0 && (access & (Access.CODE | Access.EXPAND_DOWN)) !== Access.EXPAND_DOWN && limit >= WIDEST_ACCESS_MINUS_ONE;
  const top = plain ? (limit - WIDEST_ACCESS_MINUS_ONE) | 0 : 0;
  const untyped = hasParagraphSegments(state);
  state[READ_TOP + segment] = untyped || typeAllows(access, false) ? top : 0;
  state[WRITE_TOP + segment] = untyped || typeAllows(access, true) ? top : 0;
}

export function raiseSegmentFault(silicon: Silicon, segment: number): false {
  return silicon.raise(segment === Segment.SS ? Vector.SS : Vector.GP, 0);
}

/** Loads with segment and page checks at the current privilege. After a failure `silicon.faulted` is true and the result meaningless. */
export function loadSegmented(silicon: Silicon, segment: number, offset: number, bytes: 1 | 2 | 4): number {
  const state = silicon.state;
  if (!segmentAllows(state, segment, offset, bytes, false)) {
    raiseSegmentFault(silicon, segment);
    return 0;
  }
  return silicon.load((state[BASE + segment] + offset) | 0, bytes, false);
}

/** Stores with segment and page checks at the current privilege; false after a fault. */
export function storeSegmented(silicon: Silicon, segment: number, offset: number, bytes: 1 | 2 | 4, value: number): boolean {
  const state = silicon.state;
  if (!segmentAllows(state, segment, offset, bytes, true)) return raiseSegmentFault(silicon, segment);
  silicon.store((state[BASE + segment] + offset) | 0, bytes, value, false);
  return !silicon.faulted;
}

/** Proves that `bytes` at a linear address may be written. False after the fault that a write has there. */
export function proveWritable(silicon: Silicon, linear: number, bytes: number): boolean {
  silicon.probeWrite(linear, bytes, false);
  return !silicon.faulted;
}

/** A 16-bit r/m source operand, zero-extended. */
export function loadOperandWord(silicon: Silicon, op: SystemOperands): number {
  return op.memory ? loadSegmented(silicon, op.segment, op.offset, 2) : silicon.state[op.register] & LOW_WORD;
}

/** Ends a procedure that does not transfer control. */
export function advance(silicon: Silicon, op: SystemOperands): true {
  silicon.state[EIP] = op.nextEip;
  return true;
}
