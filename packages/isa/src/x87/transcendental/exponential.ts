import { BIAS, Extended, INTEGER_BIT, Kind, copy, invalid, kindOf, normalize, raise, set, setInfinity, setZero } from '../extended.js';
import { Operands, settleOperand, settleOperands } from '../nan.js';
import { Exception } from '../words.js';
import { deliver, scaleBy, significandOf } from './deliver.js';
import { DoubleDouble, LN_OF_2, LOG2_OF_E, ONE, addTo, coefficients, divideBy, multiplyBy, polynomial, ratio } from './double-double.js';

/** F2XM1, FYL2X, FYL2XP1. */

const EXPONENTIAL_TERMS = 29;
/** (e^t - 1)/t in t by falling powers: 1/k!. */
const EXPONENTIAL = (() => {
  const terms = [new DoubleDouble(1)];
  for (let k = 2; k <= EXPONENTIAL_TERMS; k++) {
    const next = new DoubleDouble();
    divideBy(terms[0], new DoubleDouble(k), next);
    terms.unshift(next);
  }
  return coefficients(terms);
})();

const LOGARITHM_TERMS = 23;
/** atanh(s)/s in s² by falling powers: 1/(2k+1). */
const LOGARITHM = coefficients(Array.from({ length: LOGARITHM_TERMS }, (_, index) => ratio(1, 2 * (LOGARITHM_TERMS - index) - 1)));
const TWO_LOG2_OF_E = new DoubleDouble(2 * LOG2_OF_E.high, 2 * LOG2_OF_E.low);

/** Where a series' second term no longer reaches a double-double's last bit. */
const LINEAR_EXPONENT = BIAS - 120;

const a = new Extended();
const b = new Extended();
const value = new DoubleDouble();
const argument = new DoubleDouble();
const square = new DoubleDouble();
const sum = new DoubleDouble();

/**
 * 2^x - 1 for -1 <= x <= 1. Beyond, where the manual leaves the result undefined, x is delivered. From |x| = 1 on the result counts as inexact, as on
 * the silicon.
 */
export function exponentialLessOne(x: Extended, result: Extended): boolean {
  const settled = settleOperand(x, result);
  if (settled !== Operands.NUMBERS) return settled === Operands.DELIVERED;
  const kind = kindOf(x);
  if (kind === Kind.DENORMAL && !raise(Exception.DENORMAL)) return false;
  copy(x, a);
  copy(x, result);
  if (kind === Kind.ZERO) return true;
  if (kind === Kind.INFINITY) {
    if (x.sign !== 0) set(result, 1, BIAS, INTEGER_BIT, 0);
    return true;
  }
  if (a.exponent >= BIAS) {
    // 2^1 - 1 is 1, 2^-1 - 1 is -1/2.
    if (a.sign !== 0 && a.exponent === BIAS && a.high === INTEGER_BIT && a.low === 0) result.exponent = BIAS - 1;
    raise(Exception.PRECISION);
    return true;
  }
  normalize(a);
  significandOf(a, argument);
  if (a.exponent < LINEAR_EXPONENT) {
    multiplyBy(argument, LN_OF_2, value);
    deliver(result, value, a.sign, a.exponent - BIAS, true);
    return true;
  }
  scaleBy(argument, a.exponent - BIAS);
  if (a.sign !== 0) argument.set(-argument.high, -argument.low);
  multiplyBy(argument, LN_OF_2, argument);
  polynomial(EXPONENTIAL, argument, value);
  multiplyBy(value, argument, value);
  deliver(result, value, 0, 0, true);
  return true;
}

/** log2 of the quotient (1 + s)/(1 - s) of which `argument` is s, into `value`. */
function logarithmOfRatio(): void {
  multiplyBy(argument, argument, square);
  polynomial(LOGARITHM, square, value);
  multiplyBy(value, argument, value);
  multiplyBy(value, TWO_LOG2_OF_E, value);
}

/** sqrt(2)'s high word as a significand: larger ones are halved, so that logarithms of numbers near 1 do not cancel. */
const SQUARE_ROOT_OF_2 = 0xb504f333 | 0;

/** log2(a) into `value`, for a normalised a. */
function logarithm(): void {
  let exponent = a.exponent - BIAS;
  significandOf(a, argument);
  if (a.high >>> 0 > SQUARE_ROOT_OF_2 >>> 0) {
    exponent++;
    argument.set(argument.high / 2, argument.low / 2);
  }
  // s = (m - 1)/(m + 1)
  addTo(argument, ONE, sum);
  square.set(-1, 0);
  addTo(argument, square, argument);
  divideBy(argument, sum, argument);
  logarithmOfRatio();
  if (exponent === 0) return;
  sum.set(exponent, 0);
  addTo(value, sum, value);
}

/** Multiplies `value` by the significand of y and delivers. */
function deliverProduct(y: Extended, exponent: number, inexact: boolean, result: Extended): void {
  copy(y, b);
  normalize(b);
  significandOf(b, argument);
  multiplyBy(value, argument, value);
  deliver(result, value, b.sign, b.exponent - BIAS + exponent, inexact);
}

/** y · an infinity of this sign; by zero it is invalid. */
function timesInfinity(y: Extended, sign: number, result: Extended): boolean {
  if (kindOf(y) === Kind.ZERO) return invalid(result);
  setInfinity(result, y.sign ^ sign);
  return true;
}

/** y · log2(x) (SDM vol. 2, table 3-47). */
export function timesLogarithm(x: Extended, y: Extended, result: Extended): boolean {
  const kindX = kindOf(x);
  const kindY = kindOf(y);
  const settled = settleOperands(x, kindX, y, kindY, result);
  if (settled !== Operands.NUMBERS) return settled === Operands.DELIVERED;
  const isOne = x.exponent === BIAS && x.high === INTEGER_BIT && x.low === 0;
  if (x.sign !== 0 && kindX !== Kind.ZERO) return invalid(result);
  if (kindX === Kind.ZERO && kindY === Kind.ZERO) return invalid(result);
  if (kindY === Kind.INFINITY && isOne) return invalid(result);
  if (kindX === Kind.INFINITY && kindY === Kind.ZERO) return invalid(result);
  if (kindX === Kind.ZERO && kindY !== Kind.INFINITY) {
    if (!raise(Exception.ZERO_DIVIDE)) return false;
    setInfinity(result, y.sign ^ 1);
    return true;
  }
  if ((kindX === Kind.DENORMAL || kindY === Kind.DENORMAL) && !raise(Exception.DENORMAL)) return false;
  if (kindX === Kind.INFINITY) return timesInfinity(y, 0, result);
  const isBelowOne = x.exponent < BIAS;
  if (kindY === Kind.INFINITY) return timesInfinity(y, isBelowOne ? 1 : 0, result);
  if (kindY === Kind.ZERO) setZero(result, y.sign ^ (isBelowOne ? 1 : 0));
  else if (isOne) setZero(result, y.sign);
  else {
    copy(x, a);
    normalize(a);
    const isPowerOfTwo = a.high === INTEGER_BIT && a.low === 0;
    if (isPowerOfTwo) value.set(a.exponent - BIAS, 0);
    else logarithm();
    deliverProduct(y, 0, !isPowerOfTwo, result);
    // Reported as inexact, and tiny as an underflow, even where it is exact, as on the silicon.
    raise(result.exponent === 0 ? Exception.PRECISION | Exception.UNDERFLOW : Exception.PRECISION);
  }
  return true;
}

/** y · log2(x + 1). The manual defines it for |x| < 1 - sqrt(1/2); it is computed for all x above -1, and invalid below. */
export function timesLogarithmOfOneMore(x: Extended, y: Extended, result: Extended): boolean {
  const kindX = kindOf(x);
  const kindY = kindOf(y);
  const settled = settleOperands(x, kindX, y, kindY, result);
  if (settled !== Operands.NUMBERS) return settled === Operands.DELIVERED;
  if (kindX === Kind.ZERO && kindY === Kind.INFINITY) return invalid(result);
  if (kindX === Kind.INFINITY && (x.sign !== 0 || kindY === Kind.ZERO)) return invalid(result);
  if (x.sign !== 0 && x.exponent >= BIAS && kindX !== Kind.INFINITY) return invalid(result);
  if ((kindX === Kind.DENORMAL || kindY === Kind.DENORMAL) && !raise(Exception.DENORMAL)) return false;
  if (kindX === Kind.INFINITY) return timesInfinity(y, 0, result);
  if (kindY === Kind.INFINITY) return timesInfinity(y, x.sign, result);
  if (kindX === Kind.ZERO || kindY === Kind.ZERO) {
    setZero(result, x.sign ^ y.sign);
    return true;
  }
  copy(x, a);
  normalize(a);
  logarithmOfOneMore(y, result);
  return true;
}

/** Arguments from 2^65 on: adding 1 to them is less than the rounding of the logarithm. */
const HUGE_EXPONENT = BIAS + 110;

function logarithmOfOneMore(y: Extended, result: Extended): void {
  if (a.exponent >= HUGE_EXPONENT) {
    logarithm();
    deliverProduct(y, 0, true, result);
    return;
  }
  significandOf(a, argument);
  if (a.exponent < LINEAR_EXPONENT) {
    multiplyBy(argument, LOG2_OF_E, value);
    if (a.sign !== 0) value.set(-value.high, -value.low);
    deliverProduct(y, a.exponent - BIAS, true, result);
    return;
  }
  scaleBy(argument, a.exponent - BIAS);
  if (a.sign !== 0) argument.set(-argument.high, -argument.low);
  // In the documented range s = x/(2 + x) is small; beyond it the series is applied to a scaled 1 + x.
  const exponent = scaleToRootRange();
  logarithmOfRatio();
  if (exponent !== 0) {
    sum.set(exponent, 0);
    addTo(value, sum, value);
  }
  deliverProduct(y, 0, true, result);
}

/** Makes `argument`, x, into s with 1 + x = 2^e (1 + s)/(1 - s) and returns e. */
function scaleToRootRange(): number {
  let exponent = 0;
  addTo(argument, ONE, sum);
  let power = 1;
  while (sum.high * power > Math.SQRT2) {
    power /= 2;
    exponent++;
  }
  while (sum.high * power < Math.SQRT1_2) {
    power *= 2;
    exponent--;
  }
  if (exponent !== 0) {
    // m - 1 with m = (1 + x)·2^-e
    argument.set(sum.high * power, sum.low * power);
    square.set(-1, 0);
    addTo(argument, square, argument);
  }
  square.set(2, 0);
  addTo(argument, square, sum);
  divideBy(argument, sum, argument);
  return exponent;
}
