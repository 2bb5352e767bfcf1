import { BIAS, Extended, INTEGER_BIT, INTEGER_EXPONENT, Kind, QUIET_BIT, SPECIAL_EXPONENT, invalid, kindOf, normalize, raise, set, setZero, unit } from './extended.js';
import { Rounded, roundInteger, roundNumber, rounded } from './rounding.js';
import { WORD_RANGE, below64, multiplyHigh, quotientDigit, remainder } from './wide.js';
import { Exception, Precision } from './words.js';

/** Conversions between the 80-bit format and those of memory operands (SDM vol. 1, 4.2.2 and 8.2). Loads are exact. */

const SINGLE_BIAS = 127;
const SINGLE_SPECIAL = 0xff;
const SINGLE_FRACTION_BITS = 23;
const SINGLE_FRACTION = 0x7fffff;
const DOUBLE_BIAS = 1023;
const DOUBLE_SPECIAL = 0x7ff;
const DOUBLE_FRACTION_BITS = 20; // in the high word
const DOUBLE_FRACTION = 0xfffff;
/** Distance between the fraction's top bits of the 32- or 64-bit format and the 80-bit format's, in the high word. */
const SINGLE_SHIFT = 8;
const DOUBLE_SHIFT = 11;

/** A number in words as it goes to memory, `extra` behind `high`. */
export class Stored {
  low = 0;
  high = 0;
  extra = 0;
}
export const stored = new Stored();

/** m32fp. NaNs keep their signalling bit; a denormal is normalised and marked. */
export function fromSingle(word: number, x: Extended): void {
  const sign = word >>> 31;
  const exponent = (word >>> SINGLE_FRACTION_BITS) & SINGLE_SPECIAL;
  const high = (word & SINGLE_FRACTION) << SINGLE_SHIFT;
  fromFields(x, sign, exponent, high, 0, SINGLE_BIAS, SINGLE_SPECIAL);
}

/** m64fp. */
export function fromDouble(low: number, top: number, x: Extended): void {
  const sign = top >>> 31;
  const exponent = (top >>> DOUBLE_FRACTION_BITS) & DOUBLE_SPECIAL;
  const high = ((top & DOUBLE_FRACTION) << DOUBLE_SHIFT) | (low >>> (32 - DOUBLE_SHIFT));
  fromFields(x, sign, exponent, high, low << DOUBLE_SHIFT, DOUBLE_BIAS, DOUBLE_SPECIAL);
}

function fromFields(x: Extended, sign: number, exponent: number, high: number, low: number, bias: number, special: number): void {
  if (exponent === special) set(x, sign, SPECIAL_EXPONENT, high | INTEGER_BIT, low);
  else if (exponent !== 0) set(x, sign, exponent + BIAS - bias, high | INTEGER_BIT, low);
  else if (high === 0 && low === 0) setZero(x, sign);
  else {
    set(x, sign, 0, high, low);
    normalize(x);
    x.exponent += BIAS - bias;
    x.denormal = 1;
  }
}

/** A signed integer of two words. */
export function fromInteger(low: number, high: number, x: Extended): void {
  const sign = high >>> 31;
  fromMagnitude(sign, sign === 0 ? low : -low | 0, sign === 0 ? high : (~high + (low === 0 ? 1 : 0)) | 0, x);
}

function fromMagnitude(sign: number, low: number, high: number, x: Extended): void {
  if (high === 0 && low === 0) {
    setZero(x, 0);
    return;
  }
  set(x, sign, 0, high, low);
  normalize(x);
  // `normalize` counted from exponent 1, or left a set integer bit alone.
  x.exponent += INTEGER_EXPONENT - 1;
}

/** Rounds a finite number to a smaller format; false if an unmasked exception keeps it from being stored. `rounded` has the fields. */
function toFormat(x: Extended, bias: number, precision: number, special: number): boolean {
  const held = unit.raised;
  const result = roundNumber(x.sign, x.exponent - BIAS + bias, x.high, x.low, 0, precision, special);
  if (result === Rounded.INFINITE) {
    rounded.exponent = special;
    rounded.high = 0;
    rounded.low = 0;
  } else if (result === Rounded.LARGEST) {
    rounded.exponent = special - 1;
    rounded.high = -1;
    rounded.low = -1;
  }
  if (result !== Rounded.OVERFLOW && result !== Rounded.UNDERFLOW) return true;
  // Unmasked, it leaves memory alone, and inexactness is ignored (SDM vol. 1, 8.5.6).
  unit.raised = held | (result === Rounded.OVERFLOW ? Exception.OVERFLOW : Exception.UNDERFLOW);
  unit.roundedUp = 0;
  return false;
}

/** Fills `rounded` with the fields of x in a smaller format. A denormal source of the 80-bit format is not reported, it underflows. */
function toFields(x: Extended, bias: number, precision: number, special: number): boolean {
  const kind = kindOf(x);
  let delivered = true;
  if (kind === Kind.UNSUPPORTED) delivered = invalid(x);
  else if (kind === Kind.SIGNALLING_NAN) {
    x.high |= QUIET_BIT;
    delivered = raise(Exception.INVALID);
  } else if (kind === Kind.NORMAL || kind === Kind.DENORMAL) {
    normalize(x);
    return toFormat(x, bias, precision, special);
  }
  rounded.exponent = kind === Kind.ZERO ? 0 : special;
  rounded.high = x.high;
  rounded.low = x.low;
  return delivered;
}

/** m32fp into `stored.low`; false: nothing is stored. Changes x. */
export function toSingle(x: Extended): boolean {
  const delivered = toFields(x, SINGLE_BIAS, Precision.SINGLE, SINGLE_SPECIAL);
  stored.low = (x.sign << 31) | (rounded.exponent << SINGLE_FRACTION_BITS) | ((rounded.high >>> SINGLE_SHIFT) & SINGLE_FRACTION);
  return delivered;
}

/** m64fp. */
export function toDouble(x: Extended): boolean {
  const delivered = toFields(x, DOUBLE_BIAS, Precision.DOUBLE, DOUBLE_SPECIAL);
  stored.low = (rounded.low >>> DOUBLE_SHIFT) | (rounded.high << (32 - DOUBLE_SHIFT));
  stored.high = (x.sign << 31) | (rounded.exponent << DOUBLE_FRACTION_BITS) | ((rounded.high >>> DOUBLE_SHIFT) & DOUBLE_FRACTION);
  return delivered;
}

/**
 * Rounds x to an integer magnitude of two words in `stored`. False: its magnitude is 2^64 or more, or it is no finite number.
 * May raise the precision exception.
 */
export function toMagnitude(x: Extended): boolean {
  const kind = kindOf(x);
  stored.low = 0;
  stored.high = 0;
  if (kind >= Kind.INFINITY) return false;
  if (kind === Kind.ZERO) return true;
  const shift = INTEGER_EXPONENT - x.exponent;
  if (shift < 0) return false;
  let rest = 0;
  if (shift === 0) setStored(x.high, x.low);
  else if (shift < 32) {
    rest = x.low << (32 - shift);
    setStored(x.high >>> shift, (x.low >>> shift) | (x.high << (32 - shift)));
  } else if (shift === 32) {
    rest = x.low;
    setStored(0, x.high);
  } else if (shift < 64) {
    rest = (x.high << (64 - shift)) | (x.low >>> (shift - 32)) | (x.low << (64 - shift) !== 0 ? 1 : 0);
    setStored(0, x.high >>> (shift - 32));
  } else rest = shift === 64 ? x.high | (x.low !== 0 ? 1 : 0) : 1;
  return addRounding(roundInteger(x.sign, stored.low, rest));
}

function setStored(high: number, low: number): void {
  stored.high = high | 0;
  stored.low = low | 0;
}

function addRounding(increment: number): boolean {
  if (increment === 0) return true;
  stored.low = (stored.low + 1) | 0;
  if (stored.low !== 0) return true;
  stored.high = (stored.high + 1) | 0;
  return stored.high !== 0;
}

/** The signed integer of 16, 32 or 64 bits into `stored`; out of range is invalid and gives the integer indefinite. False: nothing is stored. */
export function toInteger(x: Extended, bits: 16 | 32 | 64): boolean {
  const held = unit.raised;
  const fits = toMagnitude(x) && magnitudeFits(x.sign, bits);
  if (!fits) {
    // The invalid operation takes the place of the precision exception.
    unit.raised = held;
    unit.roundedUp = 0;
    stored.low = bits === 16 ? -0x8000 : bits === 32 ? INTEGER_BIT : 0;
    stored.high = INTEGER_BIT;
    return raise(Exception.INVALID);
  }
  if (x.sign !== 0) {
    stored.high = (~stored.high + (stored.low === 0 ? 1 : 0)) | 0;
    stored.low = -stored.low | 0;
  }
  return true;
}

/** Magnitudes below 2^(bits-1) fit, and that itself if negative. */
function magnitudeFits(sign: number, bits: number): boolean {
  const { high, low } = stored;
  if (bits === 64) return high >= 0 || (sign !== 0 && high === INTEGER_BIT && low === 0);
  if (high !== 0) return false;
  const limit = 2 ** (bits - 1);
  return low >>> 0 < limit || (sign !== 0 && low >>> 0 === limit);
}

/** Decimal digits are worked on nine at a time: 10^9 < 2^32. */
const NINE_DIGITS = 1_000_000_000;
const DIGIT = 0xf;
const DIGITS_PER_WORD = 8;
/** 10^18, the first magnitude that FBSTP cannot store. */
const DECIMAL_LIMIT_HIGH = 0x0de0b6b3;
const DECIMAL_LIMIT_LOW = 0xa7640000 | 0;
/** The packed BCD indefinite (SDM vol. 1, table 4-4). */
const DECIMAL_INDEFINITE_TOP = 0xffff;
const DECIMAL_INDEFINITE_HIGH = 0xc0000000 | 0;

/** Packed BCD: eighteen digits in low, high and two of top, whose bit 15 is the sign. Digits above 9 count for what they are, as on the silicon. */
export function fromDecimal(low: number, high: number, top: number, x: Extended): void {
  let upper = ((top >>> 4) & DIGIT) * 10 + (top & DIGIT);
  for (let digit = DIGITS_PER_WORD - 1; digit > 0; digit--) upper = upper * 10 + ((high >>> (digit * 4)) & DIGIT);
  let lower = high & DIGIT;
  for (let digit = DIGITS_PER_WORD - 1; digit >= 0; digit--) lower = lower * 10 + ((low >>> (digit * 4)) & DIGIT);
  // upper · 10^9 + lower. With digits up to 15 both halves may exceed 10^9, but neither 2^32.
  const sum = (Math.imul(upper, NINE_DIGITS) >>> 0) + lower;
  const carry = sum >= WORD_RANGE ? 1 : 0;
  const sign = (top >>> 15) & 1;
  fromMagnitude(sign, sum | 0, (multiplyHigh(upper | 0, NINE_DIGITS) + carry) | 0, x);
  if (x.exponent === 0) x.sign = sign; // -0 exists in packed BCD
}

/** Ten digits that fit a double exactly into packed BCD. */
function packDigits(value: number, digits: number): number {
  let packed = 0;
  let left = value;
  for (let digit = 0; digit < digits; digit++) {
    packed |= (left % 10) << (digit * 4);
    left = Math.floor(left / 10);
  }
  return packed;
}

/** Packed BCD into `stored` (the top 16 bits in `extra`); false: nothing is stored. */
export function toDecimal(x: Extended): boolean {
  const held = unit.raised;
  if (!toMagnitude(x) || !below64(stored.high, stored.low, DECIMAL_LIMIT_HIGH, DECIMAL_LIMIT_LOW)) {
    unit.raised = held;
    unit.roundedUp = 0;
    stored.low = 0;
    stored.high = DECIMAL_INDEFINITE_HIGH;
    stored.extra = DECIMAL_INDEFINITE_TOP;
    return raise(Exception.INVALID);
  }
  // Division of two words by 10^9, shifted up so that the divisor's top bit is set: the quotient is one digit of 32 bits.
  remainder.high = (stored.high << 2) | (stored.low >>> 30);
  remainder.low = stored.low << 2;
  const upper = quotientDigit(NINE_DIGITS << 2, 0, 0) >>> 0;
  // The remainder is that of the magnitude times 2^34.
  const lower = ((remainder.high >>> 2) | 0) >>> 0;
  stored.low = packDigits(lower, DIGITS_PER_WORD);
  const eighth = Math.floor(lower / 10 ** DIGITS_PER_WORD);
  stored.high = eighth | (packDigits(upper, DIGITS_PER_WORD - 1) << 4);
  stored.extra = packDigits(Math.floor(upper / 10 ** (DIGITS_PER_WORD - 1)), 2) | (x.sign << SIGN_OF_TOP);
  return true;
}

const SIGN_OF_TOP = 15;
