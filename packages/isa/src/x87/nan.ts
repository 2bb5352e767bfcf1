import { Extended, Kind, QUIET_BIT, copy, invalid, kindOf, raise } from './extended.js';
import { Exception } from './words.js';

/** What `settleOperands` found. */
export const Operands = { NUMBERS: 0, DELIVERED: 1, SUPPRESSED: 2 } as const;

const settled = (delivered: boolean): number => (delivered ? Operands.DELIVERED : Operands.SUPPRESSED);

/** True if a's significand is larger than b's, or equal with a positive and b negative (not in the manual; found on the silicon). */
function winsOver(a: Extended, b: Extended): boolean {
  if (a.high !== b.high) return a.high >>> 0 > b.high >>> 0;
  if (a.low !== b.low) return a.low >>> 0 > b.low >>> 0;
  return a.sign <= b.sign;
}

/** One NaN of two operands, quiet (SDM vol. 1, table 4-7): a QNaN before an SNaN, of two alike the one with the larger significand. */
function chooseNan(a: Extended, kindA: number, b: Extended, kindB: number, result: Extended): void {
  let first: boolean;
  if (kindB < Kind.QUIET_NAN) first = true;
  else if (kindA < Kind.QUIET_NAN) first = false;
  else if (kindA !== kindB) first = kindA === Kind.QUIET_NAN;
  else first = winsOver(a, b);
  copy(first ? a : b, result);
  result.high |= QUIET_BIT;
}

/**
 * The part that all two-operand instructions share, in the order of SDM vol. 1, 4.9.2: unsupported formats and SNaNs are invalid, a NaN is the result.
 * `kindA` and `kindB` are the operands' kinds. NUMBERS: neither is a NaN, and the instruction goes on.
 */
export function settleOperands(a: Extended, kindA: number, b: Extended, kindB: number, result: Extended): number {
  if (kindA < Kind.QUIET_NAN && kindB < Kind.QUIET_NAN) return Operands.NUMBERS;
  if (kindA === Kind.UNSUPPORTED || kindB === Kind.UNSUPPORTED) return settled(invalid(result));
  chooseNan(a, kindA, b, kindB, result);
  if (kindA !== Kind.SIGNALLING_NAN && kindB !== Kind.SIGNALLING_NAN) return Operands.DELIVERED;
  return settled(raise(Exception.INVALID));
}

/** The same for one operand; may be given the operand as the result. */
export function settleOperand(x: Extended, result: Extended): number {
  const kind = kindOf(x);
  if (kind < Kind.QUIET_NAN) return Operands.NUMBERS;
  if (kind === Kind.UNSUPPORTED) return settled(invalid(result));
  copy(x, result);
  result.high |= QUIET_BIT;
  return kind === Kind.QUIET_NAN ? Operands.DELIVERED : settled(raise(Exception.INVALID));
}
