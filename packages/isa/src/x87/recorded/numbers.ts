import { constant, type Expression } from '../../ir/expression.js';
import type { Recorder } from '../../ir/recorder.js';
import { BIAS, INTEGER_BIT, SIGN_SHIFT, SPECIAL_EXPONENT } from '../extended.js';
import { Control, Exception, Precision, Rounding, Status } from '../words.js';
import type { Fields } from './frame.js';

/** Numbers of memory formats, and rounding, as expressions. What is not a normal number or zero, or not rounded to nearest, is left to the procedures. */

/** The 32- and the 64-bit format by the word that holds sign, exponent and the fraction's upper bits (SDM vol. 1, 4.2.2). */
export interface Format {
  readonly bits: 32 | 64;
  readonly fractionBits: number;
  readonly special: number;
  readonly bias: number;
}
export const SINGLE: Format = { bits: 32, fractionBits: 23, special: 0xff, bias: 127 };
export const DOUBLE: Format = { bits: 64, fractionBits: 20, special: 0x7ff, bias: 1023 };

const SIGN_BIT = 1 << SIGN_SHIFT;
const WORD_BITS = 32;
const MAGNITUDE = 0x7fffffff;
const C1_SHIFT = 9;
const PRECISION_SHIFT = 5;
const PRECISION_FIELD = Control.FIELD << Control.PRECISION_SHIFT;
const ROUNDING_FIELD = Control.FIELD << Control.ROUNDING_SHIFT;
/** How far the fields of a format's upper word are from those of a significand's: its integer bit, not stored, is their top bit. */
const significandShift = (format: Format): number => WORD_BITS - 1 - format.fractionBits;

/** Converts a number from memory; `isNumber` is 1 if it is normal or zero. */
export function fromFormat(o: Recorder, format: Format, upper: Expression, lower: Expression | undefined): { readonly fields: Fields; readonly isNumber: Expression } {
  const shift = significandShift(format);
  const exponent = o.let(o.and(o.shr(upper, format.fractionBits), format.special));
  const isNormal = o.lessUnsigned(o.sub(exponent, 1), format.special - 1);
  const sign = o.and(o.shr(upper, WORD_BITS - 1 - SIGN_SHIFT), SIGN_BIT);
  const fraction = lower === undefined ? o.shl(upper, shift) : o.or(o.shl(upper, shift), o.shr(lower, WORD_BITS - shift));
  const low = lower === undefined ? constant(0) : o.let(o.shl(lower, shift));
  const rebiased = o.add(exponent, BIAS - format.bias);
  const hasIntegerBit = o.let(o.ne(exponent, 0));
  const magnitude = lower === undefined ? o.shl(upper, 1) : o.or(o.shl(upper, 1), lower);
  const fields = { high: o.let(o.or(fraction, o.shl(hasIntegerBit, WORD_BITS - 1))), low, top: o.let(o.or(sign, o.and(rebiased, o.sub(0, hasIntegerBit)))) };
  return { fields, isNumber: o.or(isNormal, o.isZero(magnitude)) };
}

/** A signed 32-bit integer. */
export function fromInteger(o: Recorder, value: Expression): Fields {
  const sign = o.let(o.sar(value, WORD_BITS - 1));
  const magnitude = o.let(o.sub(o.xor(value, sign), sign));
  const zeros = o.let(o.leadingZeros(magnitude));
  const top = o.or(o.and(sign, SIGN_BIT), o.sub(BIAS + WORD_BITS - 1, zeros));
  // The significand of 0 stays 0: it is shifted by 32, that is, not at all.
  return { high: o.let(o.shl(magnitude, zeros)), low: constant(0), top: o.let(o.and(top, o.sub(0, o.ne(magnitude, 0)))) };
}

export function exponentOf(o: Recorder, { top }: Fields): Expression { return o.let(o.and(top, SPECIAL_EXPONENT)); }

/** 1 for a normal number. */
export function isNormal(o: Recorder, { high }: Fields, exponent: Expression): Expression {
  return o.and(o.lessUnsigned(o.sub(exponent, 1), SPECIAL_EXPONENT - 1), o.shr(high, WORD_BITS - 1));
}

export function isZero(o: Recorder, { high, low }: Fields, exponent: Expression): Expression { return o.isZero(o.or(exponent, o.or(high, low))); }

/** 1 for a normal number or a zero. */
export function isNumber(o: Recorder, fields: Fields, exponent: Expression): Expression { return o.or(isNormal(o, fields, exponent), isZero(o, fields, exponent)); }

/** A magnitude of 96 bits: normalised significand and 32 bits below, the last one sticky. */
export interface Unrounded {
  readonly exponent: Expression;
  readonly high: Expression;
  readonly low: Expression;
  readonly extra: Expression;
}

/** Whether a magnitude is rounded up, to nearest or even: `rest` has the first bit dropped on top. */
function roundsUp(o: Recorder, rest: Expression, oddBit: Expression): Expression {
  return o.let(o.and(o.shr(rest, WORD_BITS - 1), o.ne(o.or(o.shl(rest, 1), oddBit), 0)));
}

/** Leaves for an inexact result that is not rounded to nearest or whose exception is not masked. `rest`: what rounding drops. */
function leaveUnlessSilent(o: Recorder, control: Expression, rest: Expression): void {
  const isUnusual = o.ne(o.and(control, ROUNDING_FIELD | Exception.PRECISION), (Rounding.NEAREST << Control.ROUNDING_SHIFT) | Exception.PRECISION);
  o.leaveIf(o.and(o.ne(rest, 0), isUnusual));
}

function statusAfter(o: Recorder, rest: Expression, roundedUp: Expression): Expression {
  const kept = o.and(o.word('X87_STATUS'), ~Status.C1);
  return o.let(o.or(kept, o.or(o.shl(o.ne(rest, 0), PRECISION_SHIFT), o.shl(roundedUp, C1_SHIFT))));
}

/** Rounds to 53 or 64 bits, as the control word says, and packs with a sign (bit 15). Leaves outside the exponent's range. `mask`: 0 for a zero, else all ones. */
export function round(o: Recorder, sign: Expression, { exponent, high, low, extra }: Unrounded, mask: Expression = constant(-1)): { readonly fields: Fields; readonly status: Expression } {
  const control = o.let(o.word('X87_CONTROL'));
  const precision = o.let(o.and(control, PRECISION_FIELD));
  o.leaveIf(o.eq(precision, Precision.SINGLE << Control.PRECISION_SHIFT));
  const isDouble = o.let(o.eq(precision, Precision.DOUBLE << Control.PRECISION_SHIFT));
  const shift = significandShift(DOUBLE);
  const unit = o.let(o.select(isDouble, 1 << shift, 1));
  const doubleRest = o.or(o.or(o.shl(low, WORD_BITS - shift), o.shr(extra, shift)), o.ne(o.and(extra, (1 << shift) - 1), 0));
  const rest = o.let(o.select(isDouble, doubleRest, extra));
  leaveUnlessSilent(o, control, rest);
  const kept = o.let(o.and(low, o.sub(0, unit)));
  const up = roundsUp(o, rest, o.and(kept, unit));
  const roundedLow = o.let(o.add(kept, o.and(unit, o.sub(0, up))));
  const carry = o.let(o.and(up, o.isZero(roundedLow)));
  const roundedHigh = o.let(o.add(high, carry));
  const overflow = o.let(o.and(carry, o.isZero(roundedHigh)));
  const roundedExponent = o.let(o.add(exponent, overflow));
  const isBeyond = o.lessOrEqualUnsigned(SPECIAL_EXPONENT - 1, o.sub(roundedExponent, 1));
  o.leaveIf(mask.kind === 'constant' ? isBeyond : o.and(isBeyond, mask));
  const fields = { high: o.let(o.or(roundedHigh, o.shl(overflow, WORD_BITS - 1))), low: roundedLow, top: o.let(o.or(sign, mask.kind === 'constant' ? roundedExponent : o.and(roundedExponent, mask))) };
  return { fields, status: statusAfter(o, rest, up) };
}

/** Rounds to a memory format; leaves unless the number is zero or normal there. `lower` is undefined for the 32-bit format. */
export function toFormat(o: Recorder, format: Format, fields: Fields): { readonly upper: Expression; readonly lower: Expression | undefined; readonly status: Expression } {
  const { high, low, top } = fields;
  const exponent = exponentOf(o, fields);
  const rebias = BIAS - format.bias;
  // The largest exponent is left out, so that rounding cannot overflow.
  const isInRange = o.let(o.and(o.lessUnsigned(o.sub(exponent, rebias + 1), format.special - 2), o.shr(high, WORD_BITS - 1)));
  o.leaveIf(o.isZero(o.or(isInRange, isZero(o, fields, exponent))));
  const shift = significandShift(format);
  const unit = 1 << shift;
  const isDouble = format.bits === DOUBLE.bits;
  const rounded = isDouble ? low : high;
  const below = isDouble ? o.shl(low, WORD_BITS - shift) : o.or(o.or(o.shl(high, WORD_BITS - shift), o.shr(low, shift)), o.ne(o.and(low, unit - 1), 0));
  const rest = o.let(below);
  leaveUnlessSilent(o, o.word('X87_CONTROL'), rest);
  const up = roundsUp(o, rest, o.and(rounded, unit));
  const status = statusAfter(o, rest, up);
  const sign = o.shl(top, WORD_BITS - 1 - SIGN_SHIFT);
  const signBit = o.and(sign, INTEGER_BIT);
  // A carry out of the fraction goes on into the exponent, as it should.
  const exponentField = o.and(o.shl(o.sub(exponent, rebias), format.fractionBits), o.sub(0, isInRange));
  const upperOf = (carry: Expression): Expression => o.let(o.or(signBit, o.add(o.add(exponentField, o.shr(o.and(high, MAGNITUDE), shift)), carry)));
  if (!isDouble) return { upper: upperOf(up), lower: undefined, status };
  const lower = o.let(o.add(o.or(o.shr(low, shift), o.shl(high, WORD_BITS - shift)), up));
  return { upper: upperOf(o.and(up, o.isZero(lower))), lower, status };
}
