import { describe, expect, it } from 'vitest';
import { bootstrapGeometricMean, bootstrapRatio, geometricMeanOfRatios, medianOf, quantilesOf, seededRandom } from '../src/index.js';

/** Skewed like host times: a floor and a long right tail. */
function times(seed: number, floor: number, count = 15): number[] {
  const random = seededRandom(seed, 'times');
  return Array.from({ length: count }, () => floor * (1 + 0.1 * -Math.log(1 - random())));
}

describe('seededRandom', () => {
  it('repeats for the same seed and purpose, and for no other', () => {
    const draw = (seed: number, purpose: string): number[] => {
      const random = seededRandom(seed, purpose);
      return [random(), random(), random()];
    };
    expect(draw(1, 'a')).toEqual(draw(1, 'a'));
    expect(draw(1, 'a')).not.toEqual(draw(1, 'b'));
    expect(draw(1, 'a')).not.toEqual(draw(2, 'a'));
    expect(draw(1, 'a').every((value) => value >= 0 && value < 1)).toBe(true);
  });
});

describe('bootstrapRatio', () => {
  it('finds a real difference', () => {
    const ratio = bootstrapRatio({ numerator: times(1, 20), denominator: times(2, 10) }, { seed: 1 });
    expect(ratio.estimate).toBeGreaterThan(1.8);
    expect(ratio.low).toBeGreaterThan(1.7);
    expect(ratio.high).toBeLessThan(2.3);
    expect(ratio.low).toBeLessThanOrEqual(ratio.estimate);
    expect(ratio.high).toBeGreaterThanOrEqual(ratio.estimate);
  });

  it('finds none between A and A: about 95 % of the intervals contain 1', () => {
    const rounds = 200;
    let covered = 0;
    for (let round = 0; round < rounds; round++) {
      const { low, high } = bootstrapRatio(
        { numerator: times(2 * round, 10), denominator: times(2 * round + 1, 10) },
        { seed: round, resamples: 400 },
      );
      if (low !== undefined && high !== undefined && low <= 1 && high >= 1) covered++;
    }
    expect(covered / rounds).toBeGreaterThan(0.9);
    expect(covered / rounds).toBeLessThan(1);
  });

  it('is the same for the same seed', () => {
    const pair = { numerator: times(1, 20), denominator: times(2, 10) };
    const few = { resamples: 31 };
    expect(bootstrapRatio(pair, { seed: 7, ...few })).toEqual(bootstrapRatio(pair, { seed: 7, ...few }));
    expect(bootstrapRatio(pair, { seed: 7, ...few })).not.toEqual(bootstrapRatio(pair, { seed: 8, ...few }));
  });

  it('gives no interval from too few observations, and throws on none', () => {
    expect(bootstrapRatio({ numerator: [4, 4], denominator: [2, 2] }, { seed: 1 })).toEqual({
      estimate: 2,
      low: undefined,
      high: undefined,
    });
    expect(() => bootstrapRatio({ numerator: [], denominator: [1] }, { seed: 1 })).toThrow(RangeError);
  });
});

describe('geometric means', () => {
  it('do not depend on the direction of the ratio', () => {
    expect(geometricMeanOfRatios([2, 8])).toBeCloseTo(4, 12);
    expect(geometricMeanOfRatios([1 / 2, 1 / 8])).toBeCloseTo(1 / 4, 12);
  });

  it('refuse what is not a ratio', () => {
    for (const bad of [[], [0], [-1], [Number.NaN], [Number.POSITIVE_INFINITY]])
      expect(() => geometricMeanOfRatios(bad)).toThrow(RangeError);
  });

  it('carry an interval', () => {
    const mean = bootstrapGeometricMean(
      [
        { numerator: times(1, 20), denominator: times(2, 10) },
        { numerator: times(3, 30), denominator: times(4, 10) },
      ],
      { seed: 1, resamples: 300 },
    );
    expect(mean.estimate).toBeCloseTo(Math.sqrt(6), 0);
    expect(mean.low).toBeLessThan(mean.estimate);
    expect(mean.high).toBeGreaterThan(mean.estimate);
  });
});

it('medians and quantiles leave their input alone', () => {
  const values = [3, 1, 2];
  expect(medianOf(values)).toBe(2);
  expect(quantilesOf(values, [0.5])).toEqual([2]);
  expect(values).toEqual([3, 1, 2]);
});
