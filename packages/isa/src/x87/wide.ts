/**
 * Integers of 64 to 128 bits as 32-bit words. Results that take more than one word are left in the fields of a record, so that nothing is
 * allocated. Words are signed; comparisons say where they mean unsigned.
 */

/** Four words, most significant first. */
export class Wide {
  a = 0;
  b = 0;
  c = 0;
  d = 0;
}

const HALF = 16;
const HALF_MASK = 0xffff;
const WORD_MAX = 0xffffffff;
const TWO_WORDS_MAX = 0x1ffffffff;
export const WORD_RANGE = 0x100000000;

/** High word of the product of two unsigned words; `Math.imul` gives the low one. */
export function multiplyHigh(x: number, y: number): number {
  const xl = x & HALF_MASK;
  const xh = x >>> HALF;
  const yl = y & HALF_MASK;
  const yh = y >>> HALF;
  const middle = Math.imul(xh, yl) + (Math.imul(xl, yl) >>> HALF);
  const middleLow = (middle & HALF_MASK) + Math.imul(xl, yh);
  // Each of the three sums is below 2^32 (the largest is (2^16-1)^2 + 2^16-1); the shifts take them as unsigned.
  return (Math.imul(xh, yh) + (middle >>> HALF) + (middleLow >>> HALF)) | 0;
}

/** 1 if x < y, unsigned. */
export function below(x: number, y: number): number {
  return x >>> 0 < y >>> 0 ? 1 : 0;
}

/** True if x (two words) < y, unsigned. */
export function below64(xh: number, xl: number, yh: number, yl: number): boolean {
  return xh === yh ? xl >>> 0 < yl >>> 0 : xh >>> 0 < yh >>> 0;
}

/** What goes up from a column whose sum is below 3 · 2^32. */
function carryOf(sum: number): number {
  return sum > TWO_WORDS_MAX ? 2 : sum > WORD_MAX ? 1 : 0;
}

/** The 128-bit product of two 64-bit numbers. */
export function multiply64(xh: number, xl: number, yh: number, yl: number, product: Wide): void {
  const hh = Math.imul(xh, yh);
  const hl = Math.imul(xh, yl);
  const lh = Math.imul(xl, yh);
  const hlTop = multiplyHigh(xh, yl);
  const lhTop = multiplyHigh(xl, yh);
  product.d = Math.imul(xl, yl);
  // Sums of up to four unsigned words are exact in doubles.
  const c = (multiplyHigh(xl, yl) >>> 0) + (hl >>> 0) + (lh >>> 0);
  const b = (hh >>> 0) + (hlTop >>> 0) + (lhTop >>> 0) + carryOf(c);
  product.c = c | 0;
  product.b = b | 0;
  product.a = (multiplyHigh(xh, yh) + carryOf(b)) | 0;
}

/** Remainder of the last `quotientDigit`, two words. */
export class Remainder {
  high = 0;
  low = 0;
}
export const remainder = new Remainder();

/**
 * One digit, 32 bits, of a long division: (`remainder` · 2^32 + next) / divisor, where the divisor has its top bit set and is larger than `remainder`.
 * Leaves the new remainder. A double estimates the digit: both conversions and the division err by at most 2^-53 relative each, less
 * than 1 in a digit below 2^32, so the estimate is off by one at most and the exact remainder says which way.
 */
export function quotientDigit(divisorHigh: number, divisorLow: number, next: number): number {
  const divisor = (divisorHigh >>> 0) * WORD_RANGE + (divisorLow >>> 0);
  const partial = (remainder.high >>> 0) * WORD_RANGE + (remainder.low >>> 0);
  let estimate = Math.floor((partial / divisor) * WORD_RANGE);
  if (estimate > WORD_MAX) estimate = WORD_MAX;
  let digit = estimate | 0;
  // remainder · 2^32 + next - digit · divisor, three words; the top one is a sign.
  const productLow = Math.imul(digit, divisorLow);
  const middle = (multiplyHigh(digit, divisorLow) >>> 0) + (Math.imul(digit, divisorHigh) >>> 0);
  const productHigh = (multiplyHigh(digit, divisorHigh) + (middle > WORD_MAX ? 1 : 0)) | 0;
  let low = (next - productLow) | 0;
  let high = (remainder.low >>> 0) - (middle >>> 0) - below(next, productLow);
  let top = (remainder.high - productHigh - (high < 0 ? 1 : 0)) | 0;
  high |= 0;
  if (top < 0) {
    digit = (digit - 1) | 0;
    const sum = (low >>> 0) + (divisorLow >>> 0);
    low = sum | 0;
    high = (high + divisorHigh + (sum > WORD_MAX ? 1 : 0)) | 0;
    top = 0;
  } else if (top > 0 || !below64(high, low, divisorHigh, divisorLow)) {
    digit = (digit + 1) | 0;
    high = (high - divisorHigh - below(low, divisorLow)) | 0;
    low = (low - divisorLow) | 0;
  }
  remainder.high = high;
  remainder.low = low;
  return digit;
}
