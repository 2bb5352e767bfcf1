import { describe, expect, it } from 'vitest';
import { breakEven, costsOf, cyclesOf, demandOf, modelledRatio, rankStability, seededRandom, tornado } from '../src/index.js';
import type { CostProfile, DemandPair } from '../src/index.js';
import { publishedProfile } from './support/synthetic-run.js';

const pentium4 = publishedProfile('pentium4');
const cost = (low: number, standard: number, high: number) => ({ low, default: standard, high, source: 'test', tag: 'V' as const });
const profile: CostProfile = {
  id: 'test',
  title: 'Test',
  description: 'test',
  unit: 'cycles',
  clockMHz: 1,
  events: { direct: cost(1, 1, 1), exit: cost(10, 20, 40), trap: cost(5, 10, 10), idle: cost(0, 0, 1) },
  interpreted: {},
  notPriced: {},
  validation: [],
};
const pair = (core: Record<string, number>, baseline: Record<string, number>, prices = profile): DemandPair => ({
  core: demandOf(core, prices),
  baseline: demandOf(baseline, prices),
});

describe('modelledRatio', () => {
  it('takes the same price on both sides of the ratio', () => {
    expect(modelledRatio(pair({ direct: 100, trap: 10 }, { direct: 100, trap: 10 }), profile)).toEqual({ low: 1, default: 1, high: 1 });
  });

  it('finds the exact ends, where low prices can give the higher ratio', () => {
    expect(modelledRatio(pair({ direct: 100, exit: 1 }, { direct: 100 }), profile)).toEqual({ low: 1.1, default: 1.2, high: 1.4 });
    expect(modelledRatio(pair({ direct: 100 }, { direct: 100, exit: 5 }), profile)).toEqual({
      low: 100 / 300,
      default: 0.5,
      high: 100 / 150,
    });
  });

  it('encloses every ratio within the ranges, and reaches its ends', () => {
    const compared = pair(
      { direct: 1000, 'v386.exit.io': 9, 'vmm.device-access': 9, 'walk.reads': 80, 'exception.14': 3 },
      { direct: 1000, 'port.read': 9, 'walk.reads': 20, 'exception.14': 3 },
      pentium4,
    );
    const bounds = modelledRatio(compared, pentium4);
    const random = seededRandom(3);
    for (let draw = 0; draw < 500; draw++) {
      const prices = new Map(costsOf(pentium4).map(({ id, cost: entry }) => [id, random() < 0.5 ? entry.low : entry.high]));
      const at = (id: string): number => prices.get(id) ?? 0;
      const ratio = cyclesOf(compared.core, at) / cyclesOf(compared.baseline, at);
      expect(ratio).toBeGreaterThanOrEqual((bounds?.low ?? Infinity) - 1e-12);
      expect(ratio).toBeLessThanOrEqual((bounds?.high ?? 0) + 1e-12);
    }
  });

  it('is undefined where the baseline costs nothing', () => {
    expect(modelledRatio(pair({ direct: 1 }, { idle: 5 }), profile)).toBeUndefined();
  });
});

describe('tornado', () => {
  it('moves one cost at a time, the most influential first', () => {
    const swings = tornado([pair({ direct: 100, exit: 10, trap: 1 }, { direct: 100, trap: 1 })], profile);
    expect(swings.map(({ cost: id }) => id)).toEqual(['exit', 'trap', 'direct']);
    expect(swings[0]?.atLow).toBeCloseTo(210 / 110, 12);
    expect(swings[0]?.atHigh).toBeCloseTo(510 / 110, 12);
    expect(swings[0]?.factor).toBeCloseTo(510 / 210, 12);
    expect(swings[2]).toMatchObject({ factor: 1 });
  });
});

describe('rankStability', () => {
  const contenders = [
    { core: 'steady', pairs: [pair({ direct: 100 }, { direct: 100 })] },
    { core: 'exits', pairs: [pair({ direct: 100, exit: 5 }, { direct: 100 })] },
    { core: 'traps', pairs: [pair({ direct: 100, trap: 9 }, { direct: 100 })] },
  ];

  it('says how often the default order survives', () => {
    const stability = rankStability(contenders, profile, { seed: 5, draws: 1000 });
    expect(stability.order).toEqual(['steady', 'traps', 'exits']);
    expect(stability.stable).toBeGreaterThan(0.6);
    expect(stability.stable).toBeLessThan(0.95);
    expect(stability.orders.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
    expect(stability.orders.every(({ order }) => order[0] === 'steady')).toBe(true);
    expect(stability.spread[0]).toEqual({ core: 'steady', low: 1, median: 1, high: 1 });
  });

  it('has the default as the median of its draws, is seeded, and certain where nothing varies', () => {
    const stability = rankStability(contenders, profile, { seed: 5, draws: 4000 });
    expect(stability.spread[1]?.median).toBeCloseTo(2, 1);
    expect(rankStability(contenders, profile, { seed: 5, draws: 4000 })).toEqual(stability);
    expect(rankStability(contenders.slice(0, 1), profile, { seed: 5, draws: 10 }).stable).toBe(1);
  });
});

describe('breakEven', () => {
  it('finds the price at which both cost the same', () => {
    const exits = demandOf({ direct: 100, exit: 4 }, profile);
    expect(breakEven(exits, demandOf({ direct: 100, trap: 8 }, profile), profile, 'exit')).toBe(20);
    expect(breakEven(exits, demandOf({ direct: 60 }, profile), profile, 'exit')).toBe(-10);
    expect(breakEven(exits, exits, profile, 'exit')).toBeUndefined();
  });
});
