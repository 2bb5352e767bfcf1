import { BIAS, Extended, INTEGER_BIT, Kind, copy, invalid, kindOf, normalize, raise, set } from '../extended.js';
import { Operands, settleOperand } from '../nan.js';
import { roundTo } from '../rounding.js';
import { below } from '../wide.js';
import { Exception, Precision } from '../words.js';
import { deliver, scaleBy, significandOf } from './deliver.js';
import { DoubleDouble, coefficients, divideBy, multiplyBy, polynomial } from './double-double.js';

/**
 * FSIN, FCOS, FSINCOS, FPTAN. Arguments are reduced with the processor's pi of 66 bits, as the manual documents (SDM vol. 1, 8.3.8): results
 * are the sine and cosine of the exact remainder by that pi, which differs from true pi by 2^-66 of it.
 */

/** Below 2^-34 the sine is the argument less than half a last place away; the cosine is 1. */
const TINY_EXPONENT = BIAS - 34;
/** Arguments from 2^63 on are refused with C2. */
const TOO_LARGE_EXPONENT = BIAS + 63;
/** From 1/2 on arguments are reduced; pi/4 is above that. */
const REDUCED_EXPONENT = BIAS - 1;

/** floor(pi · 2^64): 66 bits. As pi/2 its unit is 2^-65. */
const PI_TOP = 3;
const PI_HIGH = 0x243f6a88;
const PI_LOW = 0x85a308d3 | 0;
const UNIT_OF_HALF_PI = -65;
/** Half of it, to compare with. */
const HALF_TOP = 1;
const HALF_HIGH = 0x921fb544 | 0;
const HALF_LOW = 0x42d18469;

const MOST_TERMS = 15;

/** Coefficients of sin(r)/r and cos(r) in r², by falling powers: (-1)^k / (2k+1)! and (-1)^k / (2k)!. */
function series(first: number): Float64Array {
  const terms = [new DoubleDouble(1)];
  for (let k = 1; k < MOST_TERMS; k++) {
    const next = new DoubleDouble();
    divideBy(terms[0], new DoubleDouble(-(2 * k + first) * (2 * k + first - 1)), next);
    terms.unshift(next);
  }
  return coefficients(terms);
}
const SINE = series(1);
const COSINE = series(0);

/** What an argument came to. */
export const Reduction = { VALUE: 0, DELIVERED: 1, SUPPRESSED: 2, OUT_OF_RANGE: 3 } as const;

const a = new Extended();
const r = new DoubleDouble();
const square = new DoubleDouble();
const sine = new DoubleDouble();
const cosine = new DoubleDouble();
const tangent = new DoubleDouble();
let quadrant = 0;
let isTiny = false;

/**
 * Settles special operands (`result` has the outcome, unless it is a number) and reduces the others to `r` and `quadrant`.
 */
export function reduceArgument(x: Extended, result: Extended): number {
  const settled = settleOperand(x, result);
  if (settled !== Operands.NUMBERS) return settled === Operands.DELIVERED ? Reduction.DELIVERED : Reduction.SUPPRESSED;
  const kind = kindOf(x);
  if (kind === Kind.INFINITY) return invalid(result) ? Reduction.DELIVERED : Reduction.SUPPRESSED;
  if (x.exponent >= TOO_LARGE_EXPONENT) return Reduction.OUT_OF_RANGE;
  if (kind === Kind.DENORMAL && !raise(Exception.DENORMAL)) return Reduction.SUPPRESSED;
  copy(x, a);
  normalize(a);
  quadrant = 0;
  isTiny = kind === Kind.ZERO || a.exponent < TINY_EXPONENT;
  if (isTiny) return Reduction.VALUE;
  if (a.exponent >= REDUCED_EXPONENT) reduceByPi();
  else {
    significandOf(a, r);
    scaleBy(r, a.exponent - BIAS);
    if (a.sign !== 0) r.set(-r.high, -r.low);
  }
  evaluate();
  return Reduction.VALUE;
}

/** The remainder of |a| by pi/2, nearest to zero; exact. Long division by shifting, in units of 2^-65. */
function reduceByPi(): void {
  let top = 0;
  let { high, low } = a;
  let quotient = 0;
  for (let shift = a.exponent - REDUCED_EXPONENT + 1; shift > 0; shift--) {
    top = (top << 1) | (high >>> 31);
    high = (high << 1) | (low >>> 31);
    low <<= 1;
    quotient <<= 1;
    if (isBelow(top, high, low, PI_TOP, PI_HIGH, PI_LOW)) continue;
    const borrowHigh = below(low, PI_LOW);
    const difference = (high >>> 0) - (PI_HIGH >>> 0) - borrowHigh;
    low = (low - PI_LOW) | 0;
    high = difference | 0;
    top = top - PI_TOP - (difference < 0 ? 1 : 0);
    quotient |= 1;
  }
  let sign = a.sign;
  if (!isBelow(top, high, low, HALF_TOP, HALF_HIGH, HALF_LOW + 1)) {
    const borrowHigh = below(PI_LOW, low);
    const difference = (PI_HIGH >>> 0) - (high >>> 0) - borrowHigh;
    top = PI_TOP - top - (difference < 0 ? 1 : 0);
    low = (PI_LOW - low) | 0;
    high = difference | 0;
    quotient++;
    sign ^= 1;
  }
  // sin(-x) = -sin(x): a negative argument's quadrants go the other way.
  quadrant = (a.sign !== 0 ? -quotient : quotient) & 3;
  const upper = (top * 2 ** 32 + (high >>> 0)) * 2 ** 32;
  const lower = low >>> 0;
  const sum = upper + lower;
  r.set(sign !== 0 ? -sum : sum, sign !== 0 ? sum - upper - lower : lower - (sum - upper));
  scaleBy(r, UNIT_OF_HALF_PI);
}

function isBelow(top: number, high: number, low: number, otherTop: number, otherHigh: number, otherLow: number): boolean {
  if (top !== otherTop) return top < otherTop;
  return high === otherHigh ? low >>> 0 < otherLow >>> 0 : high >>> 0 < otherHigh >>> 0;
}

function evaluate(): void {
  multiplyBy(r, r, square);
  polynomial(SINE, square, sine);
  multiplyBy(sine, r, sine);
  polynomial(COSINE, square, cosine);
}

/** The argument itself, moved by less than a last place towards zero or away from it. */
function deliverTiny(result: Extended, away: boolean): void {
  if (a.high === 0) {
    copy(a, result);
    return;
  }
  if (away) {
    roundTo(result, a.sign, a.exponent, a.high, a.low, 1, Precision.EXTENDED);
    return;
  }
  // One below, and all ones behind it; one below a power of two has another exponent.
  const low = (a.low - 1) | 0;
  const high = (a.high - (a.low === 0 ? 1 : 0)) | 0;
  if (high >= 0) roundTo(result, a.sign, a.exponent - 1, -1, -1, -1, Precision.EXTENDED);
  else roundTo(result, a.sign, a.exponent, high, low, -1, Precision.EXTENDED);
}

/** Sine and cosine of the argument that was reduced last. */
export function deliverSine(result: Extended): void {
  if (isTiny) deliverTiny(result, false);
  else deliver(result, (quadrant & 1) === 0 ? sine : cosine, (quadrant & 2) >> 1, 0, true);
}

export function deliverCosine(result: Extended): void {
  if (!isTiny) deliver(result, (quadrant & 1) === 0 ? cosine : sine, ((quadrant + 1) & 2) >> 1, 0, true);
  else if (a.high === 0) set(result, 0, BIAS, INTEGER_BIT, 0);
  else roundTo(result, 0, BIAS - 1, -1, -1, -1, Precision.EXTENDED);
}

export function deliverTangent(result: Extended): void {
  if (isTiny) {
    deliverTiny(result, true);
    return;
  }
  const isEven = (quadrant & 1) === 0;
  divideBy(isEven ? sine : cosine, isEven ? cosine : sine, tangent);
  deliver(result, tangent, isEven ? 0 : 1, 0, true);
}

