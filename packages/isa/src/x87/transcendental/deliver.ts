import { BIAS, Extended, setZero } from '../extended.js';
import { roundTo } from '../rounding.js';
import { WORD_RANGE } from '../wide.js';
import { Precision } from '../words.js';
import { DoubleDouble } from './double-double.js';

/** Between the 80-bit format and double-doubles. */

const SIGNIFICAND_SCALE = 2 ** -63;
const DOUBLE_BIAS = 1023;
const DOUBLE_EXPONENT_SHIFT = 20;
const DOUBLE_EXPONENT_MASK = 0x7ff;

const floats = new Float64Array(1);
const words = new Int32Array(floats.buffer);
/** Index of a double's word that has its exponent, on this host. */
const TOP_WORD = (() => {
  floats[0] = 1;
  return words[1] === 0 ? 0 : 1;
})();

/** The exponent of a normal double, unbiased. */
function exponentOf(value: number): number {
  floats[0] = value;
  return ((words[TOP_WORD] >>> DOUBLE_EXPONENT_SHIFT) & DOUBLE_EXPONENT_MASK) - DOUBLE_BIAS;
}

/** 2^exponent, for a double's normal exponents. */
function powerOfTwo(exponent: number): number {
  words[TOP_WORD] = (exponent + DOUBLE_BIAS) << DOUBLE_EXPONENT_SHIFT;
  words[1 - TOP_WORD] = 0;
  return floats[0];
}

/** The significand of a normalised x, in [1, 2), exactly. */
export function significandOf(x: Extended, result: DoubleDouble): void {
  const top = (x.high >>> 0) * WORD_RANGE;
  const bottom = x.low >>> 0;
  const sum = top + bottom;
  result.high = sum * SIGNIFICAND_SCALE;
  result.low = (bottom - (sum - top)) * SIGNIFICAND_SCALE;
}

/** Multiplies by 2^exponent. */
export function scaleBy(value: DoubleDouble, exponent: number): void {
  const power = powerOfTwo(exponent);
  value.high *= power;
  value.low *= power;
}

/**
 * Rounds value·2^exponent into an 80-bit result with the sign of the value xor `sign`. `inexact`: the value stands for one that no finite number of bits holds,
 * which counts when the bits of the double-double happen to end.
 */
export function deliver(result: Extended, value: DoubleDouble, sign: number, exponent: number, inexact: boolean): void {
  let { high, low } = value;
  if (high === 0) {
    setZero(result, sign);
    return;
  }
  const negative = high < 0 ? 1 : 0;
  if (negative !== 0) {
    high = -high;
    low = -low;
  }
  let top = exponentOf(high);
  // A power of two from which something is to be taken has its first bit one lower.
  if (low < 0 && high === powerOfTwo(top)) top--;
  // high + low in units of the last place of a 64-bit significand: integer words and a fraction.
  const power = powerOfTwo(63 - top);
  const whole = high * power;
  const small = low * power;
  const smallWhole = Math.floor(small);
  const upper = Math.floor(whole / WORD_RANGE);
  const sum = whole - upper * WORD_RANGE + smallWhole;
  const carry = Math.floor(sum / WORD_RANGE);
  const fraction = (small - smallWhole) * WORD_RANGE;
  // A fraction that is almost 1 has been rounded to 1.
  const extra = Math.min(Math.floor(fraction), WORD_RANGE - 1);
  const sticky = inexact || extra !== fraction ? 1 : 0;
  roundTo(result, sign ^ negative, top + exponent + BIAS, (upper + carry) | 0, (sum - carry * WORD_RANGE) | 0, extra | sticky, Precision.EXTENDED);
}
