import { describe, expect, it } from 'vitest';
import { distributionOf, jainIndex } from '../../src/many-vms/index.js';

describe('statistics of many virtual machines', () => {
  it('are nearest-rank quantiles', () => {
    expect(distributionOf([])).toBeUndefined();
    expect(distributionOf([7])).toEqual({ count: 1, least: 7, median: 7, p90: 7, p99: 7, most: 7 });
    expect(distributionOf(Array.from({ length: 100 }, (_, index) => 100 - index))).toEqual({ count: 100, least: 1, median: 50, p90: 90, p99: 99, most: 100 });
  });

  it('Jain\'s index is 1 for equal shares and 1/n when one has all', () => {
    expect(jainIndex([3, 3, 3, 3])).toBe(1);
    expect(jainIndex([8, 0, 0, 0])).toBe(0.25);
    expect(jainIndex([0, 0])).toBe(1);
    expect(jainIndex([1, 2])).toBeCloseTo(0.9, 10);
  });
});
