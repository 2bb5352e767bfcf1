import { bitLength, exactOf, squareRootOf, type Exact, type Value80 } from './reference.js';

/** Elementary functions to some 600 bits, in fixed point with `BITS` bits behind the point. */

const BITS = 640;
const ONE = 1n << BigInt(BITS);

/** Truncated towards zero, so that series end. */
function multiply(a: bigint, b: bigint): bigint {
  const product = a * b;
  return product < 0n ? -(-product >> BigInt(BITS)) : product >> BigInt(BITS);
}

const divide = (a: bigint, b: bigint): bigint => (a << BigInt(BITS)) / b;

/** An 80-bit value in fixed point; exact for exponents from -500 on. */
function fixed(x: Value80): bigint {
  const { n, scale } = exactOf(x);
  const shift = scale + BITS;
  if (shift < 0) throw new Error('the reference has too few bits');
  return n << BigInt(shift);
}

/** An inexact result as magnitude and sign. */
function result(value: bigint): { exact: Exact; sign: number } {
  const magnitude = value < 0n ? -value : value;
  if (bitLength(magnitude) < 140) throw new Error('the reference has too few bits');
  return { exact: { n: magnitude, scale: -BITS, sticky: true }, sign: value < 0n ? 1 : 0 };
}

function alternatingSeries(first: bigint, square: bigint, denominator: (k: number) => bigint): bigint {
  let term = first;
  let sum = first;
  for (let k = 1; term !== 0n; k++) {
    term = -multiply(term, square) / denominator(k);
    sum += term;
  }
  return sum;
}

/** The processor's pi: 66 bits (SDM vol. 1, 8.3.8). */
const PI_66 = 0x3243f6a8885a308d3n;

/** Sine, cosine and tangent of the exact remainder by the processor's pi/2. */
export function trigonometric(x: Value80): { sine: ReturnType<typeof result>; cosine: ReturnType<typeof result>; tangent: ReturnType<typeof result> } {
  const halfPi = PI_66 << BigInt(BITS - 65);
  const magnitude = fixed(x);
  const quadrant = (2n * magnitude + halfPi) / (2n * halfPi);
  const r = magnitude - quadrant * halfPi;
  const square = multiply(r, r);
  let sine = alternatingSeries(r, square, (k) => BigInt(2 * k * (2 * k + 1)));
  let cosine = alternatingSeries(ONE, square, (k) => BigInt((2 * k - 1) * 2 * k));
  for (let turn = quadrant % 4n; turn > 0n; turn--) [sine, cosine] = [cosine, -sine];
  if (x.sign === 1) sine = -sine;
  return { sine: result(sine), cosine: result(cosine), tangent: result(divide(sine, cosine)) };
}

/** ln((1 + s)/(1 - s)) */
function twiceInverseHyperbolicTangent(s: bigint): bigint {
  const square = multiply(s, s);
  let power = s;
  let sum = 0n;
  for (let k = 1n; power !== 0n; k += 2n) {
    sum += power / k;
    power = multiply(power, square);
  }
  return 2n * sum;
}

const LN_2 = twiceInverseHyperbolicTangent(ONE / 3n);

/** log2 of a number in fixed point. */
function logarithm(value: bigint): bigint {
  let m = value;
  let exponent = 0n;
  for (; 2n * m * m > 4n * ONE * ONE; exponent++) m >>= 1n; // m > sqrt(2)
  for (; 2n * m * m < ONE * ONE; exponent--) m <<= 1n;
  return exponent * ONE + divide(twiceInverseHyperbolicTangent(divide(m - ONE, m + ONE)), LN_2);
}

/** y·log2(x); the exponents of x and y are limited by the fixed point. */
export function timesLogarithm(x: Value80, y: Value80): ReturnType<typeof result> {
  const log = logarithm(fixed(x));
  return result(multiply(log, fixed(y)) * (y.sign === 1 ? -1n : 1n));
}

export function timesLogarithmOfOneMore(x: Value80, y: Value80): ReturnType<typeof result> {
  const argument = fixed(x) * (x.sign === 1 ? -1n : 1n);
  const log = divide(twiceInverseHyperbolicTangent(divide(argument, 2n * ONE + argument)), LN_2);
  return result(multiply(log, fixed(y)) * (y.sign === 1 ? -1n : 1n));
}

export function exponentialLessOne(x: Value80): ReturnType<typeof result> {
  const argument = multiply(fixed(x) * (x.sign === 1 ? -1n : 1n), LN_2);
  let term = argument;
  let sum = argument;
  for (let k = 2n; term / k !== 0n; k++) {
    term = multiply(term, argument) / k;
    sum += term;
  }
  return result(sum);
}

function inverseTangent(q: bigint): bigint {
  if (q > ONE / 8n) return 2n * inverseTangent(divide(q, ONE + squareRootOf((ONE + multiply(q, q)) << BigInt(BITS))));
  const square = multiply(q, q);
  let power = q;
  let sum = 0n;
  for (let k = 1n; power !== 0n; k += 2n) {
    sum += power / k;
    power = -multiply(power, square);
  }
  return sum;
}

const PI = 4n * inverseTangent(ONE);

export function arctangent(x: Value80, y: Value80): ReturnType<typeof result> {
  const first = inverseTangent(divide(fixed(y), fixed(x)));
  const angle = x.sign === 1 ? PI - first : first;
  return result(y.sign === 1 ? -angle : angle);
}
