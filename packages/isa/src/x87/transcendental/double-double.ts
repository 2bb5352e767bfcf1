/**
 * Numbers of about 106 bits as unevaluated sums of two doubles (Dekker, Numer. Math. 18, 1971; Hida, Li & Bailey, ARITH-15, 2001). ECMAScript's + - * /
 * are IEEE 754 double operations rounded to nearest, so results are the same on every host. Each operation errs by less than 2^-102 of its result.
 * Operands stay far inside a double's exponent range; the 80-bit format's larger one is the callers' business.
 */
export class DoubleDouble {
  constructor(public high = 0, public low = 0) {}

  set(high: number, low: number): void {
    this.high = high;
    this.low = low;
  }
}

/** 2^27 + 1 splits a double into two halves of 26 bits. */
const SPLITTER = 134217729;

/** a·b exactly. */
function exactProduct(a: number, b: number, result: DoubleDouble): void {
  const product = a * b;
  const wideA = SPLITTER * a;
  const highA = wideA - (wideA - a);
  const lowA = a - highA;
  const wideB = SPLITTER * b;
  const highB = wideB - (wideB - b);
  const lowB = b - highB;
  result.high = product;
  result.low = highA * highB - product + highA * lowB + lowA * highB + lowA * lowB;
}

/** Makes |low| at most half a unit of high; |high| must be at least |low|. */
function normalizeSum(high: number, low: number, result: DoubleDouble): void {
  const sum = high + low;
  result.low = low - (sum - high);
  result.high = sum;
}

export function addTo(a: DoubleDouble, b: DoubleDouble, result: DoubleDouble): void {
  const high = a.high + b.high;
  const highShare = high - a.high;
  const highError = a.high - (high - highShare) + (b.high - highShare);
  const low = a.low + b.low;
  const lowShare = low - a.low;
  const lowError = a.low - (low - lowShare) + (b.low - lowShare);
  const middle = highError + low;
  const top = high + middle;
  normalizeSum(top, middle - (top - high) + lowError, result);
}

export function multiplyBy(a: DoubleDouble, b: DoubleDouble, result: DoubleDouble): void {
  const { high: ah, low: al } = a;
  const { high: bh, low: bl } = b;
  exactProduct(ah, bh, result);
  normalizeSum(result.high, result.low + (ah * bl + al * bh), result);
}

const partial = new DoubleDouble();

/** a / b, by three digits of a double each. */
export function divideBy(a: DoubleDouble, b: DoubleDouble, result: DoubleDouble): void {
  const first = a.high / b.high;
  scaledDifference(a, b, first);
  const second = partial.high / b.high;
  scaledDifference(partial, b, second);
  const third = partial.high / b.high;
  normalizeSum(first, second, result);
  normalizeSum(result.high, result.low + third, result);
}

const scaled = new DoubleDouble();
const factor = new DoubleDouble();

/** partial = a - b·digit. */
function scaledDifference(a: DoubleDouble, b: DoubleDouble, digit: number): void {
  factor.set(-digit, 0);
  multiplyBy(b, factor, scaled);
  addTo(a, scaled, partial);
}

/** The value of words whose first has weight 2^exponent at its top bit. */
export function fromWords(exponent: number, words: readonly number[]): DoubleDouble {
  const result = new DoubleDouble();
  words.forEach((word, index) => addTo(result, new DoubleDouble((word >>> 0) * 2 ** (exponent - 31 - 32 * index), 0), result));
  return result;
}

/** n / d for integers. */
export function ratio(numerator: number, denominator: number): DoubleDouble {
  const result = new DoubleDouble();
  divideBy(new DoubleDouble(numerator), new DoubleDouble(denominator), result);
  return result;
}

/** Coefficients of a polynomial by falling powers: high and low parts alternate. */
export function coefficients(terms: readonly DoubleDouble[]): Float64Array {
  return Float64Array.from(terms.flatMap(({ high, low }) => [high, low]));
}

/**
 * The polynomial at `x`, by Horner's rule. This is where the time goes: `multiplyBy` and `addTo` written out, with everything in local variables. The
 * addition is the shorter one that is good while the sum does not cancel, as here: terms fall off quickly.
 */
export function polynomial(terms: Float64Array, x: DoubleDouble, result: DoubleDouble): void {
  const { high: xh, low: xl } = x;
  const wide = SPLITTER * xh;
  const xTop = wide - (wide - xh);
  const xBottom = xh - xTop;
  let high = terms[0];
  let low = terms[1];
  for (let index = 2; index < terms.length; index += 2) {
    const product = high * xh;
    const wideHigh = SPLITTER * high;
    const top = wideHigh - (wideHigh - high);
    const bottom = high - top;
    const productLow = top * xTop - product + top * xBottom + bottom * xTop + bottom * xBottom + (high * xl + low * xh);
    const term = terms[index];
    const sum = term + product;
    const share = sum - term;
    const error = term - (sum - share) + (product - share) + terms[index + 1] + productLow;
    high = sum + error;
    low = error - (high - sum);
  }
  result.high = high;
  result.low = low;
}

export const ONE = new DoubleDouble(1, 0);
export const PI = fromWords(1, [0xc90fdaa2, 0x2168c234, 0xc4c6628b, 0x80dc1cd1]);
export const LN_OF_2 = fromWords(-1, [0xb17217f7, 0xd1cf79ab, 0xc9e3b398, 0x03f2f6af]);
export const LOG2_OF_E = fromWords(0, [0xb8aa3b29, 0x5c17f0bb, 0xbe87fed0, 0x691d3e88]);
