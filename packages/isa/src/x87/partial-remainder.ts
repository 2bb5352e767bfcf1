import { Extended, Kind, copy, invalid, kindOf, normalize, raise, setZero } from './extended.js';
import { Operands, settleOperands } from './nan.js';
import { roundTo } from './rounding.js';
import { below, below64 } from './wide.js';
import { Exception, Precision, Status } from './words.js';

/** FPREM and FPREM1: exact remainders, by as many quotient bits at a time as the hardware develops (SDM vol. 2, FPREM). */

const a = new Extended();
const b = new Extended();

/** Exponents farther apart are reduced partially. */
const COMPLETE_BELOW = 64;
/** A partial step leaves a distance that is a multiple of 32 smaller: N of the manual is 32 to 63. */
const STEP_BITS = 31;
const STEP = 32;

/** The remainder under way, two words, and the quotient's last word. */
let high = 0;
let low = 0;
let quotient = 0;

/** Long division of the significands, `bits` + 1 quotient bits. */
function developQuotient(bits: number): void {
  high = a.high;
  low = a.low;
  quotient = 0;
  let carry = 0;
  for (let left = bits; ; left--) {
    quotient <<= 1;
    if (carry !== 0 || !below64(high, low, b.high, b.low)) {
      high = (high - b.high - below(low, b.low)) | 0;
      low = (low - b.low) | 0;
      quotient |= 1;
    }
    if (left === 0) return;
    carry = high >>> 31;
    high = (high << 1) | (low >>> 31);
    low <<= 1;
  }
}

/** C0, C3, C1: the quotient's last three bits, from the third down. */
function quotientConditions(): number {
  return ((quotient & 4) !== 0 ? Status.C0 : 0) | ((quotient & 2) !== 0 ? Status.C3 : 0) | ((quotient & 1) !== 0 ? Status.C1 : 0);
}

/** The remainder that `developQuotient` left, whose exponent is the divisor's. */
function deliver(result: Extended, sign: number, exponent: number): void {
  if (high === 0 && low === 0) {
    setZero(result, sign);
    return;
  }
  let top = exponent;
  if (high === 0) {
    high = low;
    low = 0;
    top -= 32;
  }
  const shift = Math.clz32(high);
  if (shift !== 0) {
    high = (high << shift) | (low >>> (32 - shift));
    low <<= shift;
    top -= shift;
  }
  roundTo(result, sign, top, high, low, 0, Precision.EXTENDED);
}

/** True when twice the remainder is above the divisor, or equal to it with an odd quotient. */
function roundsToNext(distance: number): boolean {
  // At distance -1 the dividend is below the divisor, and the remainder is the dividend with the exponent one lower.
  if (distance < 0) return below64(b.high, b.low, high, low);
  if (high < 0) return true;
  const doubledHigh = (high << 1) | (low >>> 31);
  const doubledLow = low << 1;
  if (doubledHigh === b.high && doubledLow === b.low) return (quotient & 1) !== 0;
  return below64(b.high, b.low, doubledHigh, doubledLow);
}

function subtractFromDivisor(distance: number): void {
  if (distance < 0) {
    // divisor - dividend/2, in units of the dividend's exponent: 2 · divisor - dividend, which is below 2^64.
    const doubledLow = b.low << 1;
    high = (((b.high << 1) | (b.low >>> 31)) - high - below(doubledLow, low)) | 0;
    low = (doubledLow - low) | 0;
  } else {
    const newHigh = (b.high - high - below(b.low, low)) | 0;
    low = (b.low - low) | 0;
    high = newHigh;
  }
  quotient = (quotient + 1) | 0;
}

/** Condition codes of the last remainder: `conditions` in the places of `affected`. C2 says that it is partial; the quotient's bits need a quotient. */
export class RemainderConditions {
  affected: number = Status.CONDITIONS;
  conditions = 0;
  clear(): void {
    this.affected = Status.C1 | Status.C2;
    this.conditions = 0;
  }
  set(conditions: number): void {
    this.affected = Status.CONDITIONS;
    this.conditions = conditions;
  }
}
export const remainderConditions = new RemainderConditions();

/** The remainder of x by y; `nearest`: the quotient is rounded to nearest (FPREM1, IEEE) and not truncated (FPREM). */
export function remainderOf(x: Extended, y: Extended, nearest: boolean, result: Extended): boolean {
  remainderConditions.clear();
  const kindX = kindOf(x);
  const kindY = kindOf(y);
  const settled = settleOperands(x, kindX, y, kindY, result);
  if (settled !== Operands.NUMBERS) return settled === Operands.DELIVERED;
  if (kindX === Kind.INFINITY || kindY === Kind.ZERO) return invalid(result);
  if ((kindX === Kind.DENORMAL || kindY === Kind.DENORMAL) && !raise(Exception.DENORMAL)) return false;
  remainderConditions.set(0);
  if (kindX === Kind.ZERO) setZero(result, x.sign);
  else if (kindY === Kind.INFINITY) {
    copy(x, a);
    normalize(a);
    roundTo(result, a.sign, a.exponent, a.high, a.low, 0, Precision.EXTENDED);
  } else {
    copy(x, a);
    copy(y, b);
    normalize(a);
    normalize(b);
    reduce(nearest, result);
  }
  return true;
}

function reduce(nearest: boolean, result: Extended): void {
  const distance = a.exponent - b.exponent;
  if (distance >= COMPLETE_BELOW) {
    const bits = (distance & STEP_BITS) | STEP;
    developQuotient(bits);
    deliver(result, a.sign, a.exponent - bits);
    remainderConditions.set(Status.C2);
    return;
  }
  quotient = 0;
  high = a.high;
  low = a.low;
  let { sign } = a;
  if (distance >= 0) developQuotient(distance);
  if (nearest && distance >= -1 && roundsToNext(distance)) {
    subtractFromDivisor(distance);
    sign ^= 1;
  }
  deliver(result, sign, Math.min(a.exponent, b.exponent));
  remainderConditions.set(quotientConditions());
}
