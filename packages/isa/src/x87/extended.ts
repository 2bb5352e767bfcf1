import { Word } from '../state.js';
import { Exception, REGISTER_WORDS } from './words.js';

/**
 * A floating-point value being worked on. As loaded it has the fields of the 80-bit format; arithmetic normalises denormals, whose exponent
 * is then below 1, and so works with exponents beyond 15 bits. The class is monomorphic and its fields small integers: V8 keeps them unboxed.
 */
export class Extended {
  /** 0 or 1. */
  sign = 0;
  /** Biased by 16383. */
  exponent = 0;
  /** Significand, integer bit on top, as two signed words. */
  high = 0;
  low = 0;
  /** 1: the value came from memory as a denormal of a smaller format, which the 80-bit format holds normalised. */
  denormal = 0;
}

// Hot path: a constant of this module folds into the code, a property of an imported object does not.
const { X87_REGISTERS, X87_VALID } = Word;

export const BIAS = 16383;
/** Exponent field of infinities and NaNs. */
export const SPECIAL_EXPONENT = 0x7fff;
export const SIGN_SHIFT = 15;
export const INTEGER_BIT = 0x80000000 | 0;
/** In the high word: set in quiet NaNs, clear in signalling ones. */
export const QUIET_BIT = 0x40000000;
/** Exponent of the integer 2^63: the significand read as an integer has this exponent. */
export const INTEGER_EXPONENT = BIAS + 63;

/** What kind of value the fields are (SDM vol. 1, tables 4-3 and 8-3). The order matters: `>= INFINITY` is not finite, `>= QUIET_NAN` is no number. */
export const Kind = { ZERO: 0, NORMAL: 1, DENORMAL: 2, INFINITY: 3, QUIET_NAN: 4, SIGNALLING_NAN: 5, UNSUPPORTED: 6 } as const;

export function kindOf(x: Extended): number {
  if (x.exponent === SPECIAL_EXPONENT) {
    if (x.high >= 0) return Kind.UNSUPPORTED; // pseudo-infinity, pseudo-NaN
    if ((x.high << 1) === 0 && x.low === 0) return Kind.INFINITY;
    return (x.high & QUIET_BIT) !== 0 ? Kind.QUIET_NAN : Kind.SIGNALLING_NAN;
  }
  if (x.exponent === 0) return x.high === 0 && x.low === 0 ? Kind.ZERO : Kind.DENORMAL; // with the integer bit: a pseudo-denormal
  if (x.high >= 0) return Kind.UNSUPPORTED; // unnormal
  return x.denormal === 0 ? Kind.NORMAL : Kind.DENORMAL;
}

/** The test of the fast paths: a normal number that needs no attention. */
export function isNormal(x: Extended): boolean {
  return x.high < 0 && x.exponent !== 0 && x.exponent !== SPECIAL_EXPONENT && x.denormal === 0;
}

export function set(x: Extended, sign: number, exponent: number, high: number, low: number): void {
  x.sign = sign;
  x.exponent = exponent;
  x.high = high;
  x.low = low;
  x.denormal = 0;
}

export function copy(from: Extended, to: Extended): void {
  set(to, from.sign, from.exponent, from.high, from.low);
}

export function setZero(x: Extended, sign: number): void {
  set(x, sign, 0, 0, 0);
}

export function setInfinity(x: Extended, sign: number): void {
  set(x, sign, SPECIAL_EXPONENT, INTEGER_BIT, 0);
}

/** The QNaN floating-point indefinite, the masked response to an invalid operation. */
export function setIndefinite(x: Extended): void {
  set(x, 1, SPECIAL_EXPONENT, INTEGER_BIT | QUIET_BIT, 0);
}

/** Makes a denormal's significand normal, with an exponent of 0 or less. No other value is changed. */
export function normalize(x: Extended): void {
  if (x.exponent !== 0) return;
  x.exponent = 1;
  if (x.high < 0) return; // a pseudo-denormal has its value with exponent 1
  if (x.high === 0) {
    if (x.low === 0) {
      x.exponent = 0;
      return;
    }
    x.high = x.low;
    x.low = 0;
    x.exponent -= 32;
  }
  const shift = Math.clz32(x.high);
  if (shift === 0) return;
  x.high = (x.high << shift) | (x.low >>> (32 - shift));
  x.low <<= shift;
  x.exponent -= shift;
}

/** Loads a physical register. */
export function loadRegister(state: Int32Array, register: number, x: Extended): void {
  const at = X87_REGISTERS + register * REGISTER_WORDS;
  x.low = state[at];
  x.high = state[at + 1];
  const top = state[at + 2];
  x.exponent = top & SPECIAL_EXPONENT;
  x.sign = top >>> SIGN_SHIFT;
  x.denormal = 0;
}

/** Stores a physical register, which is then not empty. */
export function storeRegister(state: Int32Array, register: number, x: Extended): void {
  const at = X87_REGISTERS + register * REGISTER_WORDS;
  state[at] = x.low;
  state[at + 1] = x.high;
  state[at + 2] = (x.sign << SIGN_SHIFT) | x.exponent;
  state[X87_VALID] |= 1 << register;
}

/**
 * What an operation works under and what it reports. One record for all: the operations run one at a time and to their end.
 */
export class Unit {
  /** The control word, for the masks and the rounding control. */
  control = 0;
  /** Exception flags, and Status.STACK_FAULT, raised so far by the instruction. */
  raised = 0;
  /** 1 if the result's significand was rounded away from zero. */
  roundedUp = 0;
}

export const unit = new Unit();

/** Raises exceptions; true if all of them are masked, so that the instruction goes on with the masked response. */
export function raise(exceptions: number): boolean {
  unit.raised |= exceptions;
  return (exceptions & ~unit.control & Exception.ALL) === 0;
}

/** An invalid operation: the indefinite if it is masked. False: nothing is delivered. */
export function invalid(result: Extended): boolean {
  setIndefinite(result);
  return raise(Exception.INVALID);
}
