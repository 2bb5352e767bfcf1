import { BIAS, Extended, INTEGER_BIT, Kind, copy, invalid, isNormal, kindOf, normalize, raise, setInfinity, setZero } from './extended.js';
import { Operands, settleOperand, settleOperands } from './nan.js';
import { precisionControl, roundTo, roundingControl } from './rounding.js';
import { WORD_RANGE, Wide, below64, below, multiply64, quotientDigit, remainder } from './wide.js';
import { Exception, Rounding } from './words.js';

/**
 * Addition, multiplication, division and square root, exact before one rounding to the precision in the control word. Each returns whether a result is
 * delivered: an unmasked invalid-operation, denormal or zero-divide exception leaves the destination alone (SDM vol. 1, 8.5). Operands may
 * be changed (normalised); the result may be one of them.
 */

const a = new Extended();
const b = new Extended();
const product = new Wide();

/** Exponents of operands farther apart: the smaller one is only a sticky bit. */
const FAR = 66;

/** x + y, or x - y when `subtract` is 1. */
export function add(x: Extended, y: Extended, subtract: number, result: Extended): boolean {
  if (!isNormal(x) || !isNormal(y)) return addSpecial(x, y, subtract, result);
  addFinite(x, y, y.sign ^ subtract, result);
  return true;
}

function addSpecial(x: Extended, y: Extended, subtract: number, result: Extended): boolean {
  const kindX = kindOf(x);
  const kindY = kindOf(y);
  const settled = settleOperands(x, kindX, y, kindY, result);
  if (settled !== Operands.NUMBERS) return settled === Operands.DELIVERED;
  const signY = y.sign ^ subtract;
  if (kindX === Kind.INFINITY && kindY === Kind.INFINITY && x.sign !== signY) return invalid(result);
  if ((kindX === Kind.DENORMAL || kindY === Kind.DENORMAL) && !raise(Exception.DENORMAL)) return false;
  if (kindX === Kind.INFINITY) setInfinity(result, x.sign);
  else if (kindY === Kind.INFINITY) setInfinity(result, signY);
  else if (kindX === Kind.ZERO && kindY === Kind.ZERO) setZero(result, x.sign === signY ? x.sign : exactZeroSign());
  else {
    copy(x, a);
    copy(y, b);
    normalize(a);
    normalize(b);
    // A zero has no significand to align: the other operand is the sum.
    if (kindX === Kind.ZERO) roundTo(result, signY, b.exponent, b.high, b.low, 0, precisionControl());
    else if (kindY === Kind.ZERO) roundTo(result, a.sign, a.exponent, a.high, a.low, 0, precisionControl());
    else addFinite(a, b, signY, result);
  }
  return true;
}

/** The sign of x - x (SDM vol. 1, 4.8.3.1). */
function exactZeroSign(): number {
  return roundingControl() === Rounding.DOWN ? 1 : 0;
}

function addFinite(x: Extended, y: Extended, signY: number, result: Extended): void {
  const swap = x.exponent < y.exponent || (x.exponent === y.exponent && below64(x.high, x.low, y.high, y.low));
  const large = swap ? y : x;
  const small = swap ? x : y;
  const sign = swap ? signY : x.sign;
  let distance = large.exponent - small.exponent;
  if (distance > FAR) distance = FAR;
  // The smaller significand, shifted right into 96 bits, the last one sticky.
  let high = small.high;
  let low = small.low;
  let extra = 0;
  let lost = 0;
  if (distance >= 64) {
    extra = high;
    lost = low;
    low = 0;
    high = 0;
    distance -= 64;
  } else if (distance >= 32) {
    extra = low;
    low = high;
    high = 0;
    distance -= 32;
  }
  if (distance !== 0) {
    lost |= extra << (32 - distance);
    extra = (extra >>> distance) | (low << (32 - distance));
    low = (low >>> distance) | (high << (32 - distance));
    high >>>= distance;
  }
  if (lost !== 0) extra |= 1;
  if (x.sign === signY) addMagnitudes(result, sign, large, high | 0, low, extra);
  else subtractMagnitudes(result, sign, large, high | 0, low, extra);
}

function addMagnitudes(result: Extended, sign: number, large: Extended, high: number, low: number, extra: number): void {
  const lowSum = (large.low + low) | 0;
  const carryIn = below(lowSum, low);
  const highSum = (large.high >>> 0) + (high >>> 0) + carryIn;
  const sum = highSum | 0;
  if (highSum <= 0xffffffff) roundTo(result, sign, large.exponent, sum, lowSum, extra, precisionControl());
  else {
    const sticky = (extra & 1) | (extra >>> 1) | (lowSum << 31);
    roundTo(result, sign, large.exponent + 1, (sum >>> 1) | INTEGER_BIT, (lowSum >>> 1) | (sum << 31), sticky, precisionControl());
  }
}

function subtractMagnitudes(result: Extended, sign: number, large: Extended, high: number, low: number, extra: number): void {
  let rest = -extra | 0;
  const borrow = extra === 0 ? 0 : 1;
  const lowPart = (large.low >>> 0) - (low >>> 0) - borrow;
  let l = lowPart | 0;
  let h = (large.high - high - (lowPart < 0 ? 1 : 0)) | 0;
  let exponent = large.exponent;
  if (h === 0) {
    if (l === 0 && rest === 0) {
      setZero(result, exactZeroSign());
      return;
    }
    // At most three times: operands one position apart leave bits in `rest`.
    while (h === 0) {
      h = l;
      l = rest;
      rest = 0;
      exponent -= 32;
    }
  }
  const shift = Math.clz32(h);
  if (shift !== 0) {
    h = (h << shift) | (l >>> (32 - shift));
    l = (l << shift) | (rest >>> (32 - shift));
    // A sticky bit that moves stays one: it is set only when operands are so far apart that the shift is one position.
    rest <<= shift;
    exponent -= shift;
  }
  roundTo(result, sign, exponent, h, l, rest, precisionControl());
}

export function multiply(x: Extended, y: Extended, result: Extended): boolean {
  if (!isNormal(x) || !isNormal(y)) return multiplySpecial(x, y, result);
  multiplyFinite(x, y, result);
  return true;
}

function multiplySpecial(x: Extended, y: Extended, result: Extended): boolean {
  const kindX = kindOf(x);
  const kindY = kindOf(y);
  const settled = settleOperands(x, kindX, y, kindY, result);
  if (settled !== Operands.NUMBERS) return settled === Operands.DELIVERED;
  const isInfinite = kindX === Kind.INFINITY || kindY === Kind.INFINITY;
  const isZero = kindX === Kind.ZERO || kindY === Kind.ZERO;
  if (isInfinite && isZero) return invalid(result);
  if ((kindX === Kind.DENORMAL || kindY === Kind.DENORMAL) && !raise(Exception.DENORMAL)) return false;
  const sign = x.sign ^ y.sign;
  if (isInfinite) setInfinity(result, sign);
  else if (isZero) setZero(result, sign);
  else {
    copy(x, a);
    copy(y, b);
    normalize(a);
    normalize(b);
    multiplyFinite(a, b, result);
  }
  return true;
}

function multiplyFinite(x: Extended, y: Extended, result: Extended): void {
  multiply64(x.high, x.low, y.high, y.low, product);
  const sign = x.sign ^ y.sign;
  const exponent = x.exponent + y.exponent - BIAS;
  const { a: high, b: low, c, d } = product;
  if (high < 0) roundTo(result, sign, exponent + 1, high, low, c | (d !== 0 ? 1 : 0), precisionControl());
  else roundTo(result, sign, exponent, (high << 1) | (low >>> 31), (low << 1) | (c >>> 31), (c << 1) | (d !== 0 ? 1 : 0), precisionControl());
}

/** x / y. */
export function divide(x: Extended, y: Extended, result: Extended): boolean {
  if (!isNormal(x) || !isNormal(y)) return divideSpecial(x, y, result);
  divideFinite(x, y, result);
  return true;
}

function divideSpecial(x: Extended, y: Extended, result: Extended): boolean {
  const kindX = kindOf(x);
  const kindY = kindOf(y);
  const settled = settleOperands(x, kindX, y, kindY, result);
  if (settled !== Operands.NUMBERS) return settled === Operands.DELIVERED;
  if (kindX === kindY && (kindX === Kind.INFINITY || kindX === Kind.ZERO)) return invalid(result);
  const sign = x.sign ^ y.sign;
  if (kindY === Kind.ZERO && kindX !== Kind.INFINITY) {
    if (!raise(Exception.ZERO_DIVIDE)) return false;
    setInfinity(result, sign);
    return true;
  }
  if ((kindX === Kind.DENORMAL || kindY === Kind.DENORMAL) && !raise(Exception.DENORMAL)) return false;
  if (kindX === Kind.INFINITY) setInfinity(result, sign);
  else if (kindX === Kind.ZERO || kindY === Kind.INFINITY) setZero(result, sign);
  else {
    copy(x, a);
    copy(y, b);
    normalize(a);
    normalize(b);
    divideFinite(a, b, result);
  }
  return true;
}

function divideFinite(x: Extended, y: Extended, result: Extended): void {
  let exponent = x.exponent - y.exponent + BIAS;
  let next = 0;
  // The quotient of the significands is in (1/2, 2); with the dividend halved if need be its first 64 bits begin with a 1.
  if (below64(x.high, x.low, y.high, y.low)) {
    exponent--;
    remainder.high = x.high;
    remainder.low = x.low;
  } else {
    next = x.low << 31;
    remainder.high = x.high >>> 1;
    remainder.low = (x.low >>> 1) | (x.high << 31);
  }
  const high = quotientDigit(y.high, y.low, next);
  const low = quotientDigit(y.high, y.low, 0);
  roundTo(result, x.sign ^ y.sign, exponent, high, low, restOfRemainder(y.high, y.low), precisionControl());
}

/** What follows a quotient, as guard bit and sticky bit: the remainder compared with half the divisor. */
export function restOfRemainder(divisorHigh: number, divisorLow: number): number {
  const { high, low } = remainder;
  if (high === 0 && low === 0) return 0;
  const doubledHigh = (high << 1) | (low >>> 31);
  const doubledLow = low << 1;
  if (high >= 0 && below64(doubledHigh, doubledLow, divisorHigh, divisorLow)) return 1;
  return INTEGER_BIT | (high >= 0 && doubledHigh === divisorHigh && doubledLow === divisorLow ? 0 : 1);
}

export function squareRoot(x: Extended, result: Extended): boolean {
  const settled = settleOperand(x, result);
  if (settled !== Operands.NUMBERS) return settled === Operands.DELIVERED;
  const kind = kindOf(x);
  if (kind === Kind.ZERO) {
    copy(x, result);
    return true;
  }
  if (x.sign !== 0) return invalid(result);
  if (kind === Kind.INFINITY) {
    copy(x, result);
    return true;
  }
  if (kind === Kind.DENORMAL && !raise(Exception.DENORMAL)) return false;
  copy(x, a);
  normalize(a);
  rootFinite(a, result);
  return true;
}

const LARGEST_ROOT = 2 ** 64 - 2 ** 11;
const square = new Wide();
/** The root under way, two words. */
let rootHigh = 0;
let rootLow = 0;
/** The radicand, four words, minus the root's square: `residualTop` is a sign. */
let residualTop = 0;
let residualHigh = 0;
let residualLow = 0;

/** Computes the residual for a radicand whose lower 64 bits are 0 but for the top one of them (`third`). */
function computeResidual(first: number, second: number, third: number): number {
  multiply64(rootHigh, rootLow, rootHigh, rootLow, square);
  const d = -(square.d >>> 0);
  const c = (third >>> 0) - (square.c >>> 0) - (d < 0 ? 1 : 0);
  const b = (second >>> 0) - (square.b >>> 0) - (c < 0 ? 1 : 0);
  residualLow = d | 0;
  residualHigh = c | 0;
  residualTop = b | 0;
  const a = (first >>> 0) - (square.a >>> 0) - (b < 0 ? 1 : 0);
  // The residual of an estimate is far below 2^95, so its three lower words say it all; as a double it need not be exact.
  return a * WORD_RANGE ** 3 + (b < 0 ? b + WORD_RANGE : b) * WORD_RANGE ** 2 + (c < 0 ? c + WORD_RANGE : c) * WORD_RANGE + (residualLow >>> 0);
}

function stepRoot(by: number): void {
  const low = (rootLow >>> 0) + by;
  rootHigh = (rootHigh + (low < 0 ? -1 : low >= WORD_RANGE ? 1 : 0)) | 0;
  rootLow = low | 0;
}

function rootFinite(x: Extended, result: Extended): void {
  const odd = (x.exponent & 1) === 0; // the bias is odd: of exponent - bias
  // radicand = significand · 2^64 or 2^63, so that the root has 64 bits.
  const first = odd ? x.high : x.high >>> 1;
  const second = odd ? x.low : (x.low >>> 1) | (x.high << 31);
  const third = odd ? 0 : x.low << 31;
  const radicand = (first >>> 0) * WORD_RANGE + (second >>> 0);
  const root = Math.min(Math.sqrt(radicand) * 2 ** 32, LARGEST_ROOT);
  rootHigh = Math.floor(root / WORD_RANGE) | 0;
  rootLow = (root % WORD_RANGE) | 0;
  // The estimate is good to 2^-52, one Newton step makes it good to one unit, and the exact residual, 0 <= r <= 2 · root, decides.
  stepRoot(Math.round(computeResidual(first, second, third) / (2 * root)));
  // A root just below 2^64 rounded up to it: back to the largest.
  if (rootHigh >= 0) {
    rootHigh = -1;
    rootLow = -1;
  }
  let residual = computeResidual(first, second, third);
  while (residual < 0) {
    stepRoot(-1);
    residual = computeResidual(first, second, third);
  }
  while (exceedsTwiceRoot()) {
    stepRoot(1);
    computeResidual(first, second, third);
  }
  const exponent = (x.exponent - BIAS - (odd ? 1 : 0)) / 2 + BIAS;
  roundTo(result, 0, exponent, rootHigh, rootLow, restOfRoot(), precisionControl());
}

/** Whether the residual is above 2 · root, so that the root is too small. */
function exceedsTwiceRoot(): boolean {
  const top = rootHigh >>> 31;
  const high = (rootHigh << 1) | (rootLow >>> 31);
  const low = rootLow << 1;
  return residualTop !== top ? residualTop > top : below64(high, low, residualHigh, residualLow);
}

/** Guard and sticky bits: a residual above the root means that the root's next bit is a 1; it is never exactly half. */
function restOfRoot(): number {
  if (residualTop === 0 && residualHigh === 0 && residualLow === 0) return 0;
  const above = residualTop !== 0 || below64(rootHigh, rootLow, residualHigh, residualLow);
  return above ? INTEGER_BIT | 1 : 1;
}
