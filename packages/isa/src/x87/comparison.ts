import { Extended, Kind, copy, kindOf, normalize, raise } from './extended.js';
import { below64 } from './wide.js';
import { Exception, Status } from './words.js';

/** FCOM and its kin, FTST, FXAM. */

const a = new Extended();
const b = new Extended();

/** How x compares with y: the condition codes that FCOM sets (SDM vol. 1, table 8-6), or SUPPRESSED. */
export const Order = { GREATER: 0, LESS: Status.C0, EQUAL: Status.C3, UNORDERED: Status.C0 | Status.C2 | Status.C3, SUPPRESSED: -1 } as const;

/**
 * Compares; `quiet`: a QNaN is unordered without an invalid operation (FUCOM). SUPPRESSED: an unmasked invalid operation, which leaves the
 * condition codes alone (SDM vol. 2, FCOM). An unmasked denormal exception does not, it only keeps FCOMP from popping.
 */
export function compare(x: Extended, y: Extended, quiet: boolean): number {
  const kindX = kindOf(x);
  const kindY = kindOf(y);
  if (kindX >= Kind.QUIET_NAN || kindY >= Kind.QUIET_NAN) {
    const isInvalid = !quiet || kindX > Kind.QUIET_NAN || kindY > Kind.QUIET_NAN;
    return isInvalid && !raise(Exception.INVALID) ? Order.SUPPRESSED : Order.UNORDERED;
  }
  if (kindX === Kind.DENORMAL || kindY === Kind.DENORMAL) raise(Exception.DENORMAL);
  if (kindX === Kind.ZERO && kindY === Kind.ZERO) return Order.EQUAL;
  if (x.sign !== y.sign && kindX !== Kind.ZERO && kindY !== Kind.ZERO) return x.sign !== 0 ? Order.LESS : Order.GREATER;
  if (kindX === Kind.ZERO) return y.sign !== 0 ? Order.GREATER : Order.LESS;
  if (kindY === Kind.ZERO) return x.sign !== 0 ? Order.LESS : Order.GREATER;
  return compareMagnitudes(x, y);
}

/** Compares numbers of the same sign, neither of them zero. */
function compareMagnitudes(x: Extended, y: Extended): number {
  copy(x, a);
  copy(y, b);
  normalize(a);
  normalize(b);
  if (a.exponent === b.exponent && a.high === b.high && a.low === b.low) return Order.EQUAL;
  const isSmaller = a.exponent === b.exponent ? below64(a.high, a.low, b.high, b.low) : a.exponent < b.exponent;
  return isSmaller === (x.sign === 0) ? Order.LESS : Order.GREATER;
}

/** FXAM's classes by kind (SDM vol. 2, FXAM). */
const CLASSES: readonly number[] = (() => {
  const classes = [0, 0, 0, 0, 0, 0, 0];
  classes[Kind.ZERO] = Status.C3;
  classes[Kind.NORMAL] = Status.C2;
  classes[Kind.DENORMAL] = Status.C3 | Status.C2;
  classes[Kind.INFINITY] = Status.C2 | Status.C0;
  classes[Kind.QUIET_NAN] = Status.C0;
  classes[Kind.SIGNALLING_NAN] = Status.C0;
  return classes;
})();
export const EMPTY_CLASS = Status.C3 | Status.C0;

/** FXAM's condition codes but C1, the sign. */
export function examine(x: Extended): number {
  return CLASSES[kindOf(x)];
}
