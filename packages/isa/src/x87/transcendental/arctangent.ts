import { Extended, Kind, copy, kindOf, normalize, raise, setZero } from '../extended.js';
import { Operands, settleOperands } from '../nan.js';
import { below64 } from '../wide.js';
import { Exception } from '../words.js';
import { deliver, scaleBy, significandOf } from './deliver.js';
import { DoubleDouble, ONE, PI, addTo, coefficients, divideBy, multiplyBy, polynomial, ratio } from './double-double.js';

/** FPATAN. */

const TERMS = 12;
/** atan(t)/t in t² by falling powers: (-1)^k / (2k+1). */
const ARCTANGENT = coefficients(Array.from({ length: TERMS }, (_, index) => {
  const k = TERMS - 1 - index;
  return ratio(k % 2 === 0 ? 1 : -1, 2 * k + 1);
}));

const square = new DoubleDouble();

/** atan(k/16): the series is used within 1/32 of one of these. */
const STEPS = 16;
const TABLE = (() => {
  const table = [new DoubleDouble()];
  for (let k = 0; k < STEPS; k++) {
    // atan((k+1)/16) - atan(k/16) = atan(16/(256 + k(k+1)))
    const next = new DoubleDouble();
    const t = ratio(STEPS, STEPS * STEPS + k * (k + 1));
    arctangentSeries(t, next);
    addTo(next, table[k], next);
    table.push(next);
  }
  return table;
})();

/** Quotients of a smaller exponent are their own arctangents. */
const LINEAR_EXPONENT = -120;
/** Below this a quotient is lost beside pi or pi/2. */
const VANISHING_EXPONENT = -200;

const a = new Extended();
const b = new Extended();
const quotient = new DoubleDouble();
const divisor = new DoubleDouble();
const step = new DoubleDouble();
const value = new DoubleDouble();

/** For |t| <= 1/16; near 1/16 only while the table is made, where more is lost than in use: 2^-8 ^ 12 / 25. */
function arctangentSeries(t: DoubleDouble, result: DoubleDouble): void {
  multiplyBy(t, t, square);
  polynomial(ARCTANGENT, square, result);
  multiplyBy(result, t, result);
}

/** A multiple of pi/4 with the sign of y. */
function deliverQuarters(result: Extended, quarters: number, sign: number): boolean {
  divisor.set(quarters / 4, 0);
  multiplyBy(PI, divisor, value);
  deliver(result, value, sign, 0, true);
  return true;
}

/** atan(y/x) in the quadrant of the point (x, y) (SDM vol. 2, table 3-33). */
export function arctangent(x: Extended, y: Extended, result: Extended): boolean {
  const kindX = kindOf(x);
  const kindY = kindOf(y);
  const settled = settleOperands(x, kindX, y, kindY, result);
  if (settled !== Operands.NUMBERS) return settled === Operands.DELIVERED;
  if ((kindX === Kind.DENORMAL || kindY === Kind.DENORMAL) && !raise(Exception.DENORMAL)) return false;
  const { sign } = y;
  const isLeft = x.sign !== 0;
  if (kindY === Kind.INFINITY) return deliverQuarters(result, kindX !== Kind.INFINITY ? 2 : isLeft ? 3 : 1, sign);
  if (kindX === Kind.INFINITY || kindY === Kind.ZERO) {
    if (isLeft) return deliverQuarters(result, 4, sign);
    setZero(result, sign);
    return true;
  }
  if (kindX === Kind.ZERO) return deliverQuarters(result, 2, sign);
  copy(x, a);
  copy(y, b);
  normalize(a);
  normalize(b);
  arctangentFinite(isLeft, sign, result);
  return true;
}

function arctangentFinite(isLeft: boolean, sign: number, result: Extended): void {
  // The smaller over the larger.
  const isSteep = a.exponent < b.exponent || (a.exponent === b.exponent && below64(a.high, a.low, b.high, b.low));
  significandOf(isSteep ? a : b, quotient);
  significandOf(isSteep ? b : a, divisor);
  divideBy(quotient, divisor, quotient);
  const exponent = isSteep ? a.exponent - b.exponent : b.exponent - a.exponent;
  if (!isSteep && !isLeft && exponent < LINEAR_EXPONENT) {
    // Less than the quotient by a third of its cube.
    quotient.low -= quotient.high * 2 ** -105;
    deliver(result, quotient, sign, exponent, true);
    return;
  }
  scaleBy(quotient, Math.max(exponent, VANISHING_EXPONENT));
  arctangentOfQuotient();
  // Octants: pi/2 - v, pi - v, pi/2 + v.
  if (isSteep || isLeft) {
    if (isSteep !== isLeft) value.set(-value.high, -value.low);
    const half = isSteep ? 0.5 : 1;
    divisor.set(PI.high * half, PI.low * half);
    addTo(value, divisor, value);
  }
  deliver(result, value, sign, 0, true);
}

/** atan(quotient), 0 < quotient <= 1, into `value`. */
function arctangentOfQuotient(): void {
  const k = Math.round(quotient.high * STEPS);
  if (k === 0) {
    arctangentSeries(quotient, value);
    return;
  }
  // t = (q - c)/(1 + q c)
  step.set(k / STEPS, 0);
  multiplyBy(quotient, step, divisor);
  addTo(divisor, ONE, divisor);
  step.set(-k / STEPS, 0);
  addTo(quotient, step, quotient);
  divideBy(quotient, divisor, quotient);
  arctangentSeries(quotient, value);
  addTo(value, TABLE[k], value);
}
