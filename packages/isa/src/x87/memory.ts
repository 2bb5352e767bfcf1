import { Vector, Word } from '../state.js';
import { raiseSegmentFault, segmentAllows } from '../system/access.js';
import { checksAlignment, isMisaligned } from '../system/debug.js';
import type { SystemOperands } from '../system/operands.js';
import type { Silicon } from '../system/silicon.js';

/** Memory operands of more than four bytes: checked as a whole, so that a store that faults has stored nothing. */

const { BASE, READ_TOP, WRITE_TOP } = Word;
const PAGE_MASK = 0xfff;
const PAGE_BYTES = 4096;
/** READ_TOP and WRITE_TOP speak for accesses of up to this many bytes (state.ts). */
const FAST_BYTES = 8;
/** Sizes of numbers that more than one access moves: m64 and m80. */
const SMALLEST_LONG = 8;
const LARGEST_NUMBER = 10;

/** An operand of up to twelve bytes, in words. */
export class OperandWords {
  low = 0;
  high = 0;
  extra = 0;
}
export const loaded = new OperandWords();

/** Checks the segment for `bytes` at the operand; false after a fault. */
export function checkOperand(silicon: Silicon, op: SystemOperands, bytes: number, write: boolean): boolean {
  const { state } = silicon;
  const top = state[(write ? WRITE_TOP : READ_TOP) + op.segment];
  const allowed = (bytes <= FAST_BYTES && op.offset >>> 0 < top >>> 0) || segmentAllows(state, op.segment, op.offset, bytes, write) || raiseSegmentFault(silicon, op.segment);
  return allowed && (bytes < SMALLEST_LONG || bytes > LARGEST_NUMBER || !checksAlignment(state) || isAligned(silicon, op, bytes));
}

/** Numbers of more than four bytes are aligned as a whole (SDM vol. 3, table 6-7); the parts that smaller accesses move are checked on their way. */
function isAligned(silicon: Silicon, op: SystemOperands, bytes: number): boolean {
  return !isMisaligned(linearAddress(silicon, op), bytes) || silicon.raise(Vector.AC, 0);
}

export function linearAddress(silicon: Silicon, op: SystemOperands): number {
  return (silicon.state[BASE + op.segment] + op.offset) | 0;
}

/** Loads 2, 4, 8 or 10 bytes into `loaded`; false after a fault. */
export function loadOperand(silicon: Silicon, op: SystemOperands, bytes: 2 | 4 | 8 | 10): boolean {
  if (!checkOperand(silicon, op, bytes, false)) return false;
  const linear = linearAddress(silicon, op);
  loaded.low = silicon.load(linear, bytes === 2 ? 2 : 4, false);
  if (silicon.faulted) return false;
  if (bytes <= 4) return true;
  loaded.high = silicon.load((linear + 4) | 0, 4, false);
  if (silicon.faulted) return false;
  if (bytes === 8) return true;
  loaded.extra = silicon.load((linear + 8) | 0, 2, false);
  return !silicon.faulted;
}

/**
 * Makes sure that all of `bytes` (at most a page) can be stored. An operand in one page needs nothing: its first store decides. Of one in two pages
 * the last byte is stored back first; the first store proper then decides about the first page.
 */
export function prepareStore(silicon: Silicon, op: SystemOperands, bytes: number): boolean {
  if (!checkOperand(silicon, op, bytes, true)) return false;
  const linear = linearAddress(silicon, op);
  if ((linear & PAGE_MASK) + bytes <= PAGE_BYTES) return true;
  const last = (linear + bytes - 1) | 0;
  const held = silicon.load(last, 1, false);
  if (silicon.faulted) return false;
  silicon.store(last, 1, held, false);
  return !silicon.faulted;
}

/** Stores 2, 4, 8 or 10 bytes; false after a fault. */
export function storeOperand(silicon: Silicon, op: SystemOperands, bytes: 2 | 4 | 8 | 10, low: number, high: number, extra: number): boolean {
  if (!prepareStore(silicon, op, bytes)) return false;
  const linear = linearAddress(silicon, op);
  silicon.store(linear, bytes === 2 ? 2 : 4, low, false);
  if (silicon.faulted) return false;
  if (bytes > 4) silicon.store((linear + 4) | 0, 4, high, false);
  if (bytes === 10) silicon.store((linear + 8) | 0, 2, extra, false);
  return !silicon.faulted;
}
