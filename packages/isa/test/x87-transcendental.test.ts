import { describe, expect, it } from 'vitest';
import { Extended, set, unit } from '../src/x87/extended.js';
import { arctangent } from '../src/x87/transcendental/arctangent.js';
import { exponentialLessOne, timesLogarithm, timesLogarithmOfOneMore } from '../src/x87/transcendental/exponential.js';
import { Reduction, deliverCosine, deliverSine, deliverTangent, reduceArgument } from '../src/x87/transcendental/trigonometric.js';
import { Random } from './encoding/random.js';
import * as functions from './x87/functions.js';
import { bitLength, extendedWith, roundReference, text, textOf, type Exact, type Value80 } from './x87/reference.js';

/**
 * The transcendental instructions against arbitrary precision, under every rounding control. The requirement is one unit in the last place. The results
 * are better than that: they are the correctly rounded ones unless the exact result is so near to where rounding changes that 2^-36 of a unit decide.
 */

const CASES = 1500;
const REPORTED = 5;
const MASKED = 0x37f;
const BIAS = 16383;
const PRECISION_FLAG = 0x20;
const DECIDING_BITS = 36;

const x = new Extended();
const y = new Extended();
const z = new Extended();

function significand(random: Random): { high: number; low: number } {
  switch (random.below(4)) {
    case 0: return { high: 0x80000000 | 0, low: random.below(1000) };
    case 1: return { high: -1, low: -1 - random.below(1000) };
    default: return { high: random.next() | 0x80000000, low: random.next() };
  }
}

/** Values with exponents from `lowest` to `highest`, both unbiased. */
function value(random: Random, lowest: number, highest: number): Value80 {
  return { sign: random.below(2), exponent: BIAS + lowest + random.below(highest - lowest + 1), ...significand(random) };
}

function load(to: Extended, from: Value80): void {
  set(to, from.sign, from.exponent, from.high, from.low);
}

/** What is wrong with `z` as a rounding of an exact result. */
function fault({ exact, sign }: { exact: Exact; sign: number }, rounding: number): string | undefined {
  const got = `${textOf(z)} up ${unit.roundedUp} inexact ${unit.raised & PRECISION_FLAG}`;
  const little = 1n << BigInt(bitLength(exact.n) - 64 - DECIDING_BITS);
  const expected = [0n, little, -little].map((by) => {
    const want = roundReference({ ...exact, n: exact.n + by }, sign, extendedWith(64), rounding, MASKED);
    return `${text(want, sign)} up ${want.up ? 1 : 0} inexact ${PRECISION_FLAG}`;
  });
  return expected.includes(got) ? undefined : `${got}, not ${expected[0]}`;
}

/** Compares a function on operands that `operands` chooses. */
function compare(seed: number, operands: (random: Random) => [Value80, Value80], ours: () => void, theirs: (a: Value80, b: Value80) => { exact: Exact; sign: number }): string[] {
  const random = new Random(seed);
  const wrong: string[] = [];
  for (let count = 0; count < CASES; count++) {
    const [a, b] = operands(random);
    const rounding = count & 3;
    unit.control = MASKED | (rounding << 10);
    unit.raised = 0;
    unit.roundedUp = 0;
    load(x, a);
    load(y, b);
    ours();
    const problem = fault(theirs(a, b), rounding);
    if (problem !== undefined) wrong.push(`${textOf(a)}, ${textOf(b)} rounding ${rounding}: ${problem}`);
  }
  return wrong.slice(0, REPORTED);
}

describe('sine, cosine and tangent by the 66-bit pi', () => {
  const ranges = [['below pi/4', -30, -2], ['a few turns', -2, 6], ['up to 2^63', 6, 62], ['very small', -120, -30]] as const;
  const each = (deliver: (result: Extended) => void) => (): void => {
    expect(reduceArgument(x, z)).toBe(Reduction.VALUE);
    deliver(z);
  };

  it.each(ranges)('%s', (_name, lowest, highest) => {
    const operands = (random: Random): [Value80, Value80] => {
      const a = value(random, lowest, highest);
      return [a, a];
    };
    expect(compare(21, operands, each(deliverSine), (a) => functions.trigonometric(a).sine)).toEqual([]);
    expect(compare(22, operands, each(deliverCosine), (a) => functions.trigonometric(a).cosine)).toEqual([]);
    expect(compare(23, operands, each(deliverTangent), (a) => functions.trigonometric(a).tangent)).toEqual([]);
  });

  it('next to multiples of pi/2', () => {
    const operands = (random: Random): [Value80, Value80] => {
      const exponent = random.below(60);
      const multiple = BigInt(1 + random.below(1 << Math.min(20, exponent))) * 0x3243f6a8885a308d3n;
      const length = multiple.toString(2).length;
      const n = (multiple >> BigInt(length - 64)) + BigInt(random.below(3)) - 1n;
      const a = { sign: random.below(2), exponent: BIAS + length - 66, high: Number(BigInt.asIntN(32, n >> 32n)), low: Number(BigInt.asIntN(32, n)) };
      return [a, a];
    };
    expect(compare(24, operands, each(deliverSine), (a) => functions.trigonometric(a).sine)).toEqual([]);
    expect(compare(25, operands, each(deliverTangent), (a) => functions.trigonometric(a).tangent)).toEqual([]);
  });

  it('2^63 and above is out of range', () => {
    set(x, 0, BIAS + 63, 0x80000000 | 0, 0);
    expect(reduceArgument(x, z)).toBe(Reduction.OUT_OF_RANGE);
    set(x, 0, BIAS + 62, -1, -1);
    expect(reduceArgument(x, z)).toBe(Reduction.VALUE);
  });
});

describe('logarithms and powers of two', () => {
  it('2^x - 1', () => {
    const operands = (random: Random): [Value80, Value80] => {
      const a = value(random, -1 - random.below(random.below(2) === 0 ? 4 : 200), -1);
      return [a, a];
    };
    expect(compare(31, operands, () => exponentialLessOne(x, z), (a) => functions.exponentialLessOne(a))).toEqual([]);
  });

  it('y log2(x), near 1 and far', () => {
    const operands = (random: Random): [Value80, Value80] => {
      const isNear = random.below(2) === 0;
      const a = { ...value(random, isNear ? -1 : -60, isNear ? 0 : 60), sign: 0 };
      if (a.high === 0x80000000 >> 0 && a.low === 0) a.low = 1;
      return [a, value(random, -60, 60)];
    };
    expect(compare(32, operands, () => timesLogarithm(x, y, z), functions.timesLogarithm)).toEqual([]);
  });

  it('y log2(x + 1)', () => {
    const operands = (random: Random): [Value80, Value80] => [value(random, random.below(2) === 0 ? -4 : -200, -3), value(random, -60, 60)];
    expect(compare(33, operands, () => timesLogarithmOfOneMore(x, y, z), functions.timesLogarithmOfOneMore)).toEqual([]);
  });

  it('the logarithm of a power of two is exact, times y', () => {
    unit.control = MASKED;
    set(x, 0, BIAS + 12, 0x80000000 | 0, 0);
    set(y, 1, BIAS + 1, 0xc0000000 | 0, 0);
    timesLogarithm(x, y, z);
    expect(textOf(z)).toBe(`1:${BIAS + 5}:9000000000000000`); // -3 · 12
  });
});

describe('arctangent', () => {
  it.each([['similar sides', 4], ['different sides', 60]] as const)('%s, in all quadrants', (_name, range) => {
    const operands = (random: Random): [Value80, Value80] => [value(random, -range, range), value(random, -range, range)];
    expect(compare(41 + range, operands, () => arctangent(x, y, z), functions.arctangent)).toEqual([]);
  });

  it('of quotients so small that only rounding tells', () => {
    const operands = (random: Random): [Value80, Value80] => [{ ...value(random, 50, 100), sign: 0 }, value(random, -100, -50)];
    expect(compare(43, operands, () => arctangent(x, y, z), functions.arctangent)).toEqual([]);
  });
});

describe('results that underflow', () => {
  const UNDERFLOW_FLAG = 0x10;

  it('the sine of a denormal is the denormal, inexactly', () => {
    unit.control = MASKED;
    unit.raised = 0;
    set(x, 1, 0, 0, 5);
    reduceArgument(x, z);
    deliverSine(z);
    expect([textOf(z), unit.raised]).toEqual(['1:0:5', 2 | UNDERFLOW_FLAG | PRECISION_FLAG]);
  });

  it('an arctangent of the smallest over the largest is zero', () => {
    unit.control = MASKED;
    unit.raised = 0;
    set(x, 0, 0x7ffe, -1, -1);
    set(y, 1, 1, 0x80000000 | 0, 0);
    arctangent(x, y, z);
    expect([textOf(z), unit.raised]).toEqual(['1:0:0', UNDERFLOW_FLAG | PRECISION_FLAG]);
  });
});
