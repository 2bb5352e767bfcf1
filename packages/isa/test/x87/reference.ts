/**
 * Arbitrary-precision floating point, written for the tests from the definitions of SDM vol. 1, chapter 4: exact values, then one rounding.
 */

export interface Value80 { sign: number; exponent: number; high: number; low: number }

/** A non-negative number (n + something below 1 if `sticky`) · 2^scale. */
export interface Exact { n: bigint; scale: number; sticky: boolean }

export interface Format { readonly bits: number; readonly minimum: number; readonly maximum: number }
export const EXTENDED_MINIMUM = -16382;
export const EXTENDED_MAXIMUM = 16383;
export const SINGLE: Format = { bits: 24, minimum: -126, maximum: 127 };
export const DOUBLE: Format = { bits: 53, minimum: -1022, maximum: 1023 };
export const extendedWith = (bits: number): Format => ({ bits, minimum: EXTENDED_MINIMUM, maximum: EXTENDED_MAXIMUM });

const NEAREST = 0;
const DOWN = 1;
const UP = 2;

export const Flags = { OVERFLOW: 8, UNDERFLOW: 16, PRECISION: 32 } as const;
const ADJUSTMENT = 24576;
const GUARD = 8;

export const bitLength = (n: bigint): number => n.toString(2).length;
export const significand = (x: { high: number; low: number }): bigint => (BigInt(x.high >>> 0) << 32n) | BigInt(x.low >>> 0);

/** The magnitude of a finite 80-bit value. */
export function exactOf(x: Value80): Exact {
  return { n: significand(x), scale: Math.max(x.exponent, 1) - 16383 - 63, sticky: false };
}

export interface RoundedReference {
  /** Unbiased exponent of an integer bit; undefined: infinite. */
  exponent: number | undefined;
  /** Significand of 64 bits, integer bit on top unless it is a denormal or zero. */
  n: bigint;
  flags: number;
  up: boolean;
}

/** Rounds to a multiple of 2^unit. */
export function roundAt(value: Exact, unit: number, sign: number, control: number): { n: bigint; inexact: boolean; up: boolean } {
  const shift = unit - value.scale;
  if (shift <= 0) {
    if (value.sticky) throw new Error('the reference needs more bits');
    return { n: value.n << BigInt(-shift), inexact: false, up: false };
  }
  const n = value.n >> BigInt(shift);
  const rest = value.n - (n << BigInt(shift));
  const half = 1n << BigInt(shift - 1);
  const inexact = rest !== 0n || value.sticky;
  if (!inexact) return { n, inexact, up: false };
  const beyondHalf = rest > half || (rest === half && (value.sticky || (n & 1n) === 1n));
  const up = control === NEAREST ? beyondHalf : control === DOWN ? sign === 1 : control === UP ? sign === 0 : false;
  return { n: up ? n + 1n : n, inexact, up };
}

/** The largest finite number of a format. */
function largest(format: Format, flags: number): RoundedReference {
  return { exponent: format.maximum, n: ((1n << BigInt(format.bits)) - 1n) << BigInt(64 - format.bits), flags, up: false };
}

/** Rounds a number that is not zero; `masks`: the control word's, for overflow and underflow. */
export function roundReference(given: Exact, sign: number, format: Format, control: number, masks: number): RoundedReference {
  const widened = BigInt(Math.max(0, format.bits + GUARD - bitLength(given.n)));
  const value = { n: given.n << widened, scale: given.scale - Number(widened), sticky: given.sticky };
  if (given.sticky && widened > 0n) throw new Error('the reference needs more bits');
  const top = bitLength(value.n) - 1 + value.scale;
  const first = roundAt(value, top - (format.bits - 1), sign, control);
  const exponent = bitLength(first.n) > format.bits ? top + 1 : top;
  const n = (first.n << BigInt(64 - format.bits)) >> BigInt(exponent - top);
  const precision = first.inexact ? Flags.PRECISION : 0;
  if (exponent > format.maximum) {
    if ((masks & Flags.OVERFLOW) === 0) return { exponent: exponent - ADJUSTMENT, n, flags: precision | Flags.OVERFLOW, up: first.up };
    const infinite = control === NEAREST || control === (sign === 0 ? UP : DOWN);
    const flags = Flags.OVERFLOW | Flags.PRECISION;
    return infinite ? { exponent: undefined, n: 1n << 63n, flags, up: true } : largest(format, flags);
  }
  if (exponent >= format.minimum) return { exponent, n, flags: precision, up: first.up };
  if ((masks & Flags.UNDERFLOW) === 0) return { exponent: exponent + ADJUSTMENT, n, flags: precision | Flags.UNDERFLOW, up: first.up };
  const denormal = roundAt(value, format.minimum - (format.bits - 1), sign, control);
  return { exponent: format.minimum, n: denormal.n << BigInt(64 - format.bits), flags: denormal.inexact ? Flags.UNDERFLOW | Flags.PRECISION : 0, up: denormal.up };
}

/** The 80-bit fields of a rounded number as text. */
export function text(rounded: RoundedReference, sign: number): string {
  const isDenormal = rounded.exponent === EXTENDED_MINIMUM && rounded.n < 1n << 63n;
  const exponent = rounded.exponent === undefined ? 0x7fff : isDenormal ? 0 : rounded.exponent + 16383;
  return `${sign}:${exponent}:${rounded.n.toString(16)}`;
}

export function textOf(x: Value80): string {
  return `${x.sign}:${x.exponent}:${significand(x).toString(16)}`;
}

export function squareRootOf(n: bigint): bigint {
  if (n < 2n) return n;
  let root = 1n << BigInt((bitLength(n) + 1) >> 1);
  for (;;) {
    const next = (root + n / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

const DIVISION_BITS = 200n;

export const reference = {
  multiply: (a: Exact, b: Exact): Exact => ({ n: a.n * b.n, scale: a.scale + b.scale, sticky: false }),
  divide: (a: Exact, b: Exact): Exact => {
    const n = (a.n << DIVISION_BITS) / b.n;
    return { n, scale: a.scale - b.scale - Number(DIVISION_BITS), sticky: n * b.n !== a.n << DIVISION_BITS };
  },
  squareRoot: (a: Exact): Exact => {
    const odd = (a.scale & 1) !== 0 ? 1 : 0;
    const n = a.n << BigInt(Number(DIVISION_BITS) + odd);
    const root = squareRootOf(n);
    return { n: root, scale: (a.scale - odd - Number(DIVISION_BITS)) / 2, sticky: root * root !== n };
  },
  /** Signed sum: sign and magnitude. */
  add: (a: Exact, signA: number, b: Exact, signB: number): { sum: Exact; sign: number } => {
    const scale = Math.min(a.scale, b.scale);
    const x = (a.n << BigInt(a.scale - scale)) * (signA === 1 ? -1n : 1n);
    const y = (b.n << BigInt(b.scale - scale)) * (signB === 1 ? -1n : 1n);
    const n = x + y;
    return { sum: { n: n < 0n ? -n : n, scale, sticky: false }, sign: n < 0n ? 1 : 0 };
  },
} as const;
