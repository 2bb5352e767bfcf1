import { BIAS, Extended, INTEGER_BIT, INTEGER_EXPONENT, Kind, copy, invalid, kindOf, normalize, raise, set, setInfinity, setZero } from './extended.js';
import { fromInteger, stored, toMagnitude } from './formats.js';
import { Operands, settleOperand, settleOperands } from './nan.js';
import { roundTo } from './rounding.js';
import { Exception, Precision } from './words.js';

/** FSCALE, FXTRACT and FRNDINT. */

const a = new Extended();

/** Any larger power of two overflows or underflows, even with the exponent adjusted. */
const LARGEST_SCALE = 0xffff;
const SCALE_BITS = 16;

/** x · 2^trunc(y). */
export function scale(x: Extended, y: Extended, result: Extended): boolean {
  const kindX = kindOf(x);
  const kindY = kindOf(y);
  const settled = settleOperands(x, kindX, y, kindY, result);
  if (settled !== Operands.NUMBERS) return settled === Operands.DELIVERED;
  // 0 · 2^inf and inf · 2^-inf are invalid (SDM vol. 2, FSCALE).
  if (kindY === Kind.INFINITY && kindX === (y.sign === 0 ? Kind.ZERO : Kind.INFINITY)) return invalid(result);
  if ((kindX === Kind.DENORMAL || kindY === Kind.DENORMAL) && !raise(Exception.DENORMAL)) return false;
  const { sign } = x;
  if (kindX === Kind.INFINITY) setInfinity(result, sign);
  else if (kindX === Kind.ZERO) setZero(result, sign);
  else if (kindY === Kind.INFINITY) {
    if (y.sign === 0) setInfinity(result, sign);
    else setZero(result, sign);
  } else {
    copy(x, a);
    normalize(a);
    roundTo(result, sign, a.exponent + wholePart(y), a.high, a.low, 0, Precision.EXTENDED);
  }
  return true;
}

/** trunc(y), or a number that is large enough to be as good. */
function wholePart(y: Extended): number {
  const bits = y.exponent - BIAS + 1;
  if (bits <= 0) return 0;
  const magnitude = bits > SCALE_BITS ? LARGEST_SCALE : y.high >>> (32 - bits);
  return y.sign === 0 ? magnitude : -magnitude;
}

/** Splits x: the unbiased exponent into `exponent`, the significand, between 1 and 2, into `significand`. False: neither is delivered. */
export function extract(x: Extended, exponent: Extended, significand: Extended): boolean {
  const settled = settleOperand(x, significand);
  if (settled !== Operands.NUMBERS) {
    copy(significand, exponent);
    return settled === Operands.DELIVERED;
  }
  const kind = kindOf(x);
  if (kind === Kind.ZERO) {
    if (!raise(Exception.ZERO_DIVIDE)) return false;
    setInfinity(exponent, 1);
  } else if (kind === Kind.INFINITY) setInfinity(exponent, 0);
  else {
    if (kind === Kind.DENORMAL && !raise(Exception.DENORMAL)) return false;
    copy(x, a);
    normalize(a);
    fromInteger(a.exponent - BIAS, a.exponent < BIAS ? -1 : 0, exponent);
    set(significand, a.sign, BIAS, a.high, a.low);
    return true;
  }
  copy(x, significand);
  return true;
}

/** Rounds x to an integer. */
export function roundToInteger(x: Extended, result: Extended): boolean {
  const settled = settleOperand(x, result);
  if (settled !== Operands.NUMBERS) return settled === Operands.DELIVERED;
  const kind = kindOf(x);
  if (kind === Kind.DENORMAL && !raise(Exception.DENORMAL)) return false;
  copy(x, result);
  if (kind === Kind.ZERO || x.exponent >= INTEGER_EXPONENT) return true;
  toMagnitude(x);
  set(result, x.sign, 0, stored.high, stored.low);
  if (stored.high === 0 && stored.low === 0) return true;
  normalize(result);
  result.exponent += INTEGER_EXPONENT - 1;
  return true;
}

/** The constants that FLD1 and its kin load: sign 0, 66 bits of significand; rounded by the rounding control (SDM vol. 1, 8.3.8). */
const CONSTANTS = {
  one: [BIAS, INTEGER_BIT, 0, 0],
  log2Of10: [BIAS + 1, 0xd49a784b, 0xcd1b8afe, 0x492bf6ff],
  log2OfE: [BIAS, 0xb8aa3b29, 0x5c17f0bb, 0xbe87fed0],
  pi: [BIAS + 1, 0xc90fdaa2, 0x2168c234, 0xc4c6628b],
  log10Of2: [BIAS - 2, 0x9a209a84, 0xfbcff798, 0x8f8959ac],
  lnOf2: [BIAS - 1, 0xb17217f7, 0xd1cf79ab, 0xc9e3b398],
} as const;
export type ConstantName = keyof typeof CONSTANTS;

/** The bits of a constant: exponent and three words. */
export function constantWords(name: ConstantName): readonly [number, number, number, number] {
  const [exponent, high, low, extra] = CONSTANTS[name];
  return [exponent, high | 0, low | 0, extra | 0];
}
