import { Extended, INTEGER_BIT, SPECIAL_EXPONENT, raise, set, setInfinity, setZero, unit } from './extended.js';
import { Control, Exception, Precision, Rounding } from './words.js';

/** Rounding, overflow and underflow (SDM vol. 1, 4.8.4, 4.9.1 and 8.5). */

/** A significand of 96 bits: 64, integer bit on top, and 32 below, of which the last also stands for everything further down. */
class Significand {
  high = 0;
  low = 0;
  extra = 0;
  /** 1 if the last `narrow` incremented, and if that carried out of the integer bit. */
  incremented = 0;
  carried = 0;
}

/** What `roundSignificand` made: the exponent, and the significand in `work`. */
const work = new Significand();

/** Bits of a significand that do not fit: in the high word for 24 bits, in the low word for 53. */
const SINGLE_REST = 0xff;
const DOUBLE_REST = 0x7ff;
const SINGLE_REST_BITS = 8;
const DOUBLE_REST_BITS = 11;
/** Distance by which an exponent is moved into range when overflow or underflow is not masked (SDM vol. 1, 8.5.4 and 8.5.5). */
const EXPONENT_ADJUSTMENT = 24576;

export function roundingControl(): number {
  return (unit.control >>> Control.ROUNDING_SHIFT) & Control.FIELD;
}

export function precisionControl(): number {
  return (unit.control >>> Control.PRECISION_SHIFT) & Control.FIELD;
}

/** Whether a magnitude with these bits (`rest`: the first one dropped on top, the last one sticky) is rounded away from zero. */
function roundsUp(sign: number, odd: boolean, rest: number): boolean {
  if (rest === 0) return false;
  switch (roundingControl()) {
    case Rounding.NEAREST: return rest < 0 && (odd || (rest << 1) !== 0);
    case Rounding.DOWN: return sign !== 0;
    case Rounding.UP: return sign === 0;
    default: return false;
  }
}

/** Splits what does not fit off `work` and returns it, in the form that `roundsUp` takes. */
function splitRest(precision: number): number {
  if (precision === Precision.DOUBLE) {
    const rest = (work.low << (32 - DOUBLE_REST_BITS)) | (work.extra >>> DOUBLE_REST_BITS) | ((work.extra & DOUBLE_REST) !== 0 ? 1 : 0);
    work.low &= ~DOUBLE_REST;
    return rest;
  }
  if (precision === Precision.SINGLE) {
    const rest = (work.high << (32 - SINGLE_REST_BITS)) | (work.low >>> SINGLE_REST_BITS) | ((work.low & SINGLE_REST) !== 0 || work.extra !== 0 ? 1 : 0);
    work.high &= ~SINGLE_REST;
    work.low = 0;
    return rest;
  }
  return work.extra;
}

/** Adds one unit in the last place of a precision. */
function increment(precision: number): void {
  if (precision === Precision.SINGLE) work.high = (work.high + SINGLE_REST + 1) | 0;
  else {
    const step = precision === Precision.DOUBLE ? DOUBLE_REST + 1 : 1;
    work.low = (work.low + step) | 0;
    if (work.low >>> 0 >= step) return;
    work.high = (work.high + 1) | 0;
  }
  if (work.high === 0) work.carried = 1;
}

function isOdd(precision: number): boolean {
  if (precision === Precision.SINGLE) return (work.high & (SINGLE_REST + 1)) !== 0;
  return (work.low & (precision === Precision.DOUBLE ? DOUBLE_REST + 1 : 1)) !== 0;
}

/** Rounds `work` to a precision. Returns whether bits were lost. */
function narrow(sign: number, precision: number): boolean {
  const rest = splitRest(precision);
  work.incremented = 0;
  work.carried = 0;
  if (rest === 0) return false;
  if (roundsUp(sign, isOdd(precision), rest)) {
    work.incremented = 1;
    increment(precision);
  }
  return true;
}

/** Shifts `work` right, keeping the sticky bit. */
function shiftRight(distance: number): void {
  let bits = distance;
  while (bits >= 32) {
    work.extra = work.low | (work.extra !== 0 ? 1 : 0);
    work.low = work.high;
    work.high = 0;
    bits -= 32;
    if (bits > 96) bits = 96; // all that is left is the sticky bit
  }
  if (bits === 0) return;
  const lost = work.extra << (32 - bits);
  work.extra = (work.extra >>> bits) | (work.low << (32 - bits)) | (lost !== 0 ? 1 : 0);
  work.low = (work.low >>> bits) | (work.high << (32 - bits));
  work.high >>>= bits;
  work.high |= 0;
}

/** How a rounding ended. For the last two the exponent is that of an unbounded range: an unmasked overflow or underflow is the caller's to deliver. */
export const Rounded = { NUMBER: 0, INFINITE: 1, LARGEST: 2, OVERFLOW: 3, UNDERFLOW: 4 } as const;

/** The result of `roundSignificand`. The exponent is 0 for a denormal or zero. */
export class RoundedNumber {
  exponent = 0;
  high = 0;
  low = 0;
}
export const rounded = new RoundedNumber();

/**
 * Rounds a finite number to a format: `precision` bits, exponents from 1 to `special` - 1. The significand is normalised (integer bit set).
 * Raises precision, overflow and underflow exceptions, fills `rounded`, returns a `Rounded`.
 */
export function roundNumber(sign: number, exponent: number, high: number, low: number, extra: number, precision: number, special: number): number {
  work.high = high;
  work.low = low;
  work.extra = extra;
  const inexact = narrow(sign, precision);
  if (work.carried !== 0) work.high = INTEGER_BIT;
  rounded.exponent = exponent + work.carried;
  rounded.high = work.high;
  rounded.low = work.low;
  if (rounded.exponent >= special) return overflow(sign, inexact);
  // Tininess is detected after rounding (SDM vol. 1, 4.9.1.5).
  if (rounded.exponent < 1) return underflow(sign, exponent, high, low, extra, precision, inexact);
  if (inexact) reportInexact();
  return Rounded.NUMBER;
}

function reportInexact(): void {
  unit.raised |= Exception.PRECISION;
  unit.roundedUp = work.incremented;
}

function overflow(sign: number, inexact: boolean): number {
  if (!raise(Exception.OVERFLOW)) {
    if (inexact) reportInexact();
    return Rounded.OVERFLOW;
  }
  unit.raised |= Exception.PRECISION;
  const control = roundingControl();
  const infinite = control === Rounding.NEAREST || control === (sign === 0 ? Rounding.UP : Rounding.DOWN);
  unit.roundedUp = infinite ? 1 : 0;
  return infinite ? Rounded.INFINITE : Rounded.LARGEST;
}

function underflow(sign: number, exponent: number, high: number, low: number, extra: number, precision: number, inexact: boolean): number {
  if ((unit.control & Exception.UNDERFLOW) === 0) {
    unit.raised |= Exception.UNDERFLOW;
    if (inexact) reportInexact();
    return Rounded.UNDERFLOW;
  }
  work.high = high;
  work.low = low;
  work.extra = extra;
  shiftRight(1 - exponent);
  // Masked, underflow is reported only if the denormal is inexact too.
  if (narrow(sign, precision)) {
    unit.raised |= Exception.UNDERFLOW;
    reportInexact();
  }
  rounded.exponent = work.high < 0 ? 1 : 0;
  rounded.high = work.high;
  rounded.low = work.low;
  return Rounded.NUMBER;
}

/**
 * Rounds a finite number, normalised, into an 80-bit result. An unmasked overflow or underflow delivers it with an adjusted exponent; if even
 * that is out of range, which only FSCALE can reach, an infinity or zero (SDM vol. 1, 8.5.4 and 8.5.5).
 */
export function roundTo(result: Extended, sign: number, exponent: number, high: number, low: number, extra: number, precision: number): void {
  if (precision === Precision.EXTENDED && extra === 0 && exponent > 0 && exponent < SPECIAL_EXPONENT) {
    set(result, sign, exponent, high, low);
    return;
  }
  switch (roundNumber(sign, exponent, high, low, extra, precision, SPECIAL_EXPONENT)) {
    case Rounded.INFINITE: setInfinity(result, sign); return;
    case Rounded.LARGEST: setLargest(result, sign, precision); return;
    case Rounded.OVERFLOW: deliverAdjusted(result, sign, rounded.exponent - EXPONENT_ADJUSTMENT); return;
    case Rounded.UNDERFLOW: deliverAdjusted(result, sign, rounded.exponent + EXPONENT_ADJUSTMENT); return;
    default: set(result, sign, rounded.exponent, rounded.high, rounded.low);
  }
}

/** An infinity or zero in place of a number that is out of range still is inexact, and the infinity rounded up (found on the silicon). */
function deliverAdjusted(result: Extended, sign: number, exponent: number): void {
  if (exponent >= 1 && exponent < SPECIAL_EXPONENT) {
    set(result, sign, exponent, rounded.high, rounded.low);
    return;
  }
  unit.raised |= Exception.PRECISION;
  unit.roundedUp = exponent < 1 ? 0 : 1;
  if (exponent < 1) setZero(result, sign);
  else setInfinity(result, sign);
}

function setLargest(result: Extended, sign: number, precision: number): void {
  const high = precision === Precision.SINGLE ? ~SINGLE_REST : -1;
  const low = precision === Precision.SINGLE ? 0 : precision === Precision.DOUBLE ? ~DOUBLE_REST : -1;
  set(result, sign, SPECIAL_EXPONENT - 1, high, low);
}

/**
 * Rounds a magnitude with 64 integer bits and a rest to an integer. Returns 1 if it was incremented (the caller adds it), 0 if not;
 * raises the precision exception if the rest is not 0.
 */
export function roundInteger(sign: number, low: number, rest: number): number {
  if (rest === 0) return 0;
  unit.raised |= Exception.PRECISION;
  unit.roundedUp = roundsUp(sign, (low & 1) !== 0, rest) ? 1 : 0;
  return unit.roundedUp;
}
