import { describe, expect, it } from 'vitest';
import { add, divide, multiply, squareRoot } from '../src/x87/arithmetic.js';
import { Extended, Kind, kindOf, set, unit } from '../src/x87/extended.js';
import { stored, toDouble, toSingle } from '../src/x87/formats.js';
import { remainderConditions, remainderOf } from '../src/x87/partial-remainder.js';
import { roundToInteger, scale } from '../src/x87/scaling.js';
import { Random } from './encoding/random.js';
import { DOUBLE, Flags, SINGLE, exactOf, extendedWith, reference, roundAt, roundReference, text, textOf, type Exact, type Format, type Value80 } from './x87/reference.js';
import { randomValue } from './x87-silicon/generate.js';

/** Every operation on finite operands against arbitrary precision, under every rounding and precision control, masked and not. */

const CASES = 12_000;
const MASKED = 0x3f;
const REPORTED = 5;

const PRECISIONS = [[0, 24], [2, 53], [3, 64]] as const;
const x = new Extended();
const y = new Extended();
const z = new Extended();

/** A finite, supported value that is not zero. */
function finite(random: Random): Value80 {
  for (;;) {
    const value = randomValue(random);
    set(x, value.sign, value.exponent, value.high, value.low);
    const kind = kindOf(x);
    if (kind === Kind.NORMAL || kind === Kind.DENORMAL) return value;
  }
}

/** Operands near one another, so that sums cancel. */
function near(random: Random, other: Value80): Value80 {
  if (random.below(2) === 0) return finite(random);
  const exponent = Math.min(0x7ffe, Math.max(1, other.exponent + random.below(140) - 70));
  return { sign: random.below(2), exponent: random.below(3) === 0 && other.exponent > 0 ? other.exponent : exponent, high: random.next() | 0x80000000, low: random.below(2) === 0 ? other.low : random.next() };
}

interface Setting { readonly control: number; readonly rounding: number; readonly masks: number; readonly format: Format }

function setting(random: Random, withPrecision: boolean): Setting {
  const rounding = random.below(4);
  const [precision, bits] = PRECISIONS[withPrecision ? random.below(3) : 2];
  const masks = random.below(3) === 0 ? MASKED & ~(random.below(4) << 3) : MASKED;
  return { rounding, masks, format: extendedWith(bits), control: masks | (precision << 8) | (rounding << 10) };
}

function begin(a: Value80, b: Value80, control: number): void {
  set(x, a.sign, a.exponent, a.high, a.low);
  set(y, b.sign, b.exponent, b.high, b.low);
  unit.control = control;
  unit.raised = 0;
  unit.roundedUp = 0;
}

const REPORTED_FLAGS = Flags.OVERFLOW | Flags.UNDERFLOW | Flags.PRECISION;
const outcome = (): string => `${textOf(z)} flags ${unit.raised & REPORTED_FLAGS} up ${unit.roundedUp}`;

function expected(exact: Exact, sign: number, { format, rounding, masks }: Setting): string {
  if (exact.n === 0n && !exact.sticky) return `${sign}:0:0 flags 0 up 0`;
  const rounded = roundReference(exact, sign, format, rounding, masks);
  return `${text(rounded, sign)} flags ${rounded.flags} up ${rounded.up ? 1 : 0}`;
}

/** Runs an operation on random operands; `theirs` returns the exact result and its sign. */
function compare(seed: number, withPrecision: boolean, ours: () => void, theirs: (a: Value80, b: Value80, rounding: number) => { exact: Exact; sign: number } | undefined): string[] {
  const random = new Random(seed);
  const wrong: string[] = [];
  for (let count = 0; count < CASES; count++) {
    const a = finite(random);
    const b = near(random, a);
    const how = setting(random, withPrecision);
    const exact = theirs(a, b, how.rounding);
    if (exact === undefined) continue;
    begin(a, b, how.control);
    ours();
    const want = expected(exact.exact, exact.sign, how);
    if (outcome() !== want) wrong.push(`${textOf(a)} and ${textOf(b)} control ${how.control.toString(16)}: ${outcome()}, not ${want}`);
  }
  return wrong.slice(0, REPORTED);
}

describe('arithmetic against arbitrary precision', () => {
  const ROUND_DOWN = 1;

  it.each([['addition', 0], ['subtraction', 1]] as const)('%s', (_name, subtract) => {
    expect(compare(11 + subtract, true, () => add(x, y, subtract, z), (a, b, rounding) => {
      const { sum, sign } = reference.add(exactOf(a), a.sign, exactOf(b), b.sign ^ subtract);
      return { exact: sum, sign: sum.n === 0n ? (rounding === ROUND_DOWN ? 1 : 0) : sign };
    })).toEqual([]);
  });

  it('multiplication', () => {
    expect(compare(13, true, () => multiply(x, y, z), (a, b) => ({ exact: reference.multiply(exactOf(a), exactOf(b)), sign: a.sign ^ b.sign }))).toEqual([]);
  });

  it('division', () => {
    expect(compare(14, true, () => divide(x, y, z), (a, b) => ({ exact: reference.divide(exactOf(a), exactOf(b)), sign: a.sign ^ b.sign }))).toEqual([]);
  });

  it('square root', () => {
    expect(compare(15, true, () => squareRoot(x, z), (a) => (a.sign === 1 ? undefined : { exact: reference.squareRoot(exactOf(a)), sign: 0 }))).toEqual([]);
  });

  it('square roots next to squares and next to the end of the range', () => {
    const wrong: string[] = [];
    for (let step = 0; step < 4000; step++) {
      const root = step % 2 === 0 ? (1n << 32n) - BigInt(step) : (1n << 31n) + BigInt(step) * 524287n;
      for (const offset of [-1n, 0n, 1n]) {
        const n = BigInt.asUintN(64, step < 50 ? -1n - BigInt(step) : root * root + offset);
        const shift = BigInt(64 - n.toString(2).length);
        const value = { sign: 0, exponent: 16383 + (step & 1), high: Number(BigInt.asIntN(32, (n << shift) >> 32n)), low: Number(BigInt.asIntN(32, n << shift)) };
        begin(value, value, 0x37f);
        squareRoot(x, z);
        const want = expected(reference.squareRoot(exactOf(value)), 0, { control: 0x37f, rounding: 0, masks: MASKED, format: extendedWith(64) });
        if (outcome() !== want) wrong.push(`${textOf(value)}: ${outcome()}, not ${want}`);
      }
    }
    expect(wrong.slice(0, REPORTED)).toEqual([]);
  });

  it('scaling', () => {
    expect(compare(16, false, () => scale(x, y, z), (a, b) => {
      const whole = exactOf(b);
      const by = b.exponent > 16383 + 15 ? undefined : Number(whole.scale >= 0 ? whole.n << BigInt(whole.scale) : whole.n >> BigInt(-whole.scale));
      if (by === undefined || by > 8000) return undefined; // what is out of range even adjusted is the silicon's to say
      const exact = exactOf(a);
      return { exact: { ...exact, scale: exact.scale + (b.sign === 1 ? -by : by) }, sign: a.sign };
    })).toEqual([]);
  });

  it('rounding to an integer', () => {
    const random = new Random(17);
    const wrong: string[] = [];
    for (let count = 0; count < CASES; count++) {
      const a = finite(random);
      if (random.below(2) === 0) Object.assign(a, { exponent: 16383 - 2 + random.below(68), high: a.high | 0x80000000 });
      const how = setting(random, false);
      const whole = roundAt(exactOf(a), 0, a.sign, how.rounding);
      begin(a, a, how.control);
      roundToInteger(x, z);
      const rounded = expected({ n: whole.n, scale: 0, sticky: false }, a.sign, how).split(' ')[0];
      const want = `${rounded} flags ${whole.inexact ? Flags.PRECISION : 0} up ${whole.up ? 1 : 0}`;
      if (outcome() !== want) wrong.push(`${textOf(a)} rounding ${how.rounding}: ${outcome()}, not ${want}`);
    }
    expect(wrong.slice(0, REPORTED)).toEqual([]);
  });
});

describe('stores in smaller formats', () => {
  const fields = (format: Format, rounded: ReturnType<typeof roundReference>, sign: number): bigint => {
    const fraction = BigInt(format.bits - 1);
    const isDenormal = rounded.n < 1n << 63n;
    const biased = rounded.exponent === undefined ? 2n * BigInt(format.maximum) + 1n : isDenormal ? 0n : BigInt(rounded.exponent + format.maximum);
    return (BigInt(sign) << (format === SINGLE ? 31n : 63n)) | (biased << fraction) | BigInt.asUintN(format.bits - 1, rounded.n >> BigInt(64 - format.bits));
  };

  it.each([['single', SINGLE, toSingle], ['double', DOUBLE, toDouble]] as const)('%s', (_name, format, store) => {
    const random = new Random(18);
    const wrong: string[] = [];
    for (let count = 0; count < CASES; count++) {
      const a = finite(random);
      if (random.below(2) === 0) a.exponent = 16383 + format.minimum - 70 + random.below(80);
      if (a.exponent > 0) a.high |= 0x80000000;
      const { rounding, control } = setting(random, false);
      const want = roundReference(exactOf(a), a.sign, format, rounding, MASKED);
      begin(a, a, control | MASKED);
      store(x);
      const got = format === SINGLE ? BigInt(stored.low >>> 0) : (BigInt(stored.high >>> 0) << 32n) | BigInt(stored.low >>> 0);
      if (got !== fields(format, want, a.sign) || (unit.raised & REPORTED_FLAGS) !== want.flags || unit.roundedUp !== (want.up ? 1 : 0)) wrong.push(`${textOf(a)} rounding ${rounding}: ${got.toString(16)} flags ${unit.raised}, not ${fields(format, want, a.sign).toString(16)} flags ${want.flags}`);
    }
    expect(wrong.slice(0, REPORTED)).toEqual([]);
  });
});

describe('partial remainders', () => {
  const C0 = 0x100;
  const C1 = 0x200;
  const C2 = 0x400;
  const C3 = 0x4000;

  /** Value as an integer multiple of 2^scale. */
  const at = (exact: Exact, scaleOf: number): bigint => exact.n << BigInt(exact.scale - scaleOf);

  it.each([['FPREM', false], ['FPREM1', true]] as const)('%s repeated until C2 is clear gives the exact remainder and the quotient bits', (_name, nearest) => {
    const random = new Random(19);
    const wrong: string[] = [];
    for (let count = 0; count < 3000; count++) {
      const a = finite(random);
      const b = near(random, a);
      const low = Math.min(exactOf(a).scale, exactOf(b).scale);
      const [n, d] = [at(exactOf(a), low), at(exactOf(b), low)];
      let quotient = n / d;
      let rest = n - quotient * d;
      if (nearest && (rest * 2n > d || (rest * 2n === d && (quotient & 1n) === 1n))) {
        quotient += 1n;
        rest -= d;
      }
      begin(a, b, 0x37f);
      let steps = 0;
      do {
        remainderOf(x, y, nearest, z);
        set(x, z.sign, z.exponent, z.high, z.low);
        set(y, b.sign, b.exponent, b.high, b.low);
        steps++;
      } while ((remainderConditions.conditions & C2) !== 0 && steps < 1100);
      const got = at(exactOf(z), low) * (z.sign !== a.sign ? -1n : 1n);
      const bits = ((quotient & 4n) !== 0n ? C0 : 0) | ((quotient & 2n) !== 0n ? C3 : 0) | ((quotient & 1n) !== 0n ? C1 : 0);
      if (got !== rest || (steps === 1 && remainderConditions.conditions !== bits)) wrong.push(`${textOf(a)} by ${textOf(b)}: ${textOf(z)} conditions ${remainderConditions.conditions.toString(16)}, quotient ${quotient.toString(16).slice(-3)}`);
    }
    expect(wrong.slice(0, REPORTED)).toEqual([]);
  });
});
