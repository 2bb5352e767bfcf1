/** How far conclusions depend on the prices: bounds, one-at-a-time swings, stability of the ranking, break-even prices. */
import { costOf } from './profile.js';
import type { CostProfile } from './profile.js';
import { cyclesOf, pricesAt } from './pricing.js';
import type { Demand, PriceList } from './pricing.js';
import { seededRandom } from './random.js';
import type { Random } from './random.js';
import { geometricMeanOfRatios, quantilesOf } from './statistics.js';

/** A value at the default prices with the ends of its range. */
export interface Levels {
  readonly low: number;
  readonly default: number;
  readonly high: number;
}

/** What a core demands and what the baseline demands for the same workload. */
export interface DemandPair {
  readonly core: Demand;
  readonly baseline: Demand;
}

/** More than enough: Dinkelbach's iteration converges superlinearly, and each step moves to another vertex of the box of prices. */
const MOST_ITERATIONS = 64;

function ratioAt(pair: DemandPair, prices: PriceList): number {
  return cyclesOf(pair.core, prices) / cyclesOf(pair.baseline, prices);
}

/**
 * Extreme of a ratio of two linear forms over all prices within their ranges, by Dinkelbach's method (Management Science 13, 1967): for a guess r the
 * best prices are at an end of each range, decided by the sign of core - r * baseline. The same price holds on both sides of the ratio.
 */
function extremeRatio(pair: DemandPair, profile: CostProfile, direction: 'low' | 'high'): number {
  const opposite = direction === 'low' ? 'high' : 'low';
  let ratio = ratioAt(pair, pricesAt(profile, 'default'));
  for (let iteration = 0; iteration < MOST_ITERATIONS; iteration++) {
    const guess = ratio;
    const prices: PriceList = (id) => {
      const slope = (pair.core.get(id) ?? 0) - guess * (pair.baseline.get(id) ?? 0);
      return costOf(profile, id)[slope > 0 ? direction : opposite];
    };
    ratio = ratioAt(pair, prices);
    if (ratio === guess) break;
  }
  return ratio;
}

/** Modelled ratio at the default prices, and the least and the greatest that any prices within the ranges give. Undefined where the baseline costs nothing. */
export function modelledRatio(pair: DemandPair, profile: CostProfile): Levels | undefined {
  if (!(cyclesOf(pair.baseline, pricesAt(profile, 'low')) > 0)) return undefined;
  return {
    low: extremeRatio(pair, profile, 'low'),
    default: ratioAt(pair, pricesAt(profile, 'default')),
    high: extremeRatio(pair, profile, 'high'),
  };
}

/** The result with one cost at either end of its range and all others at their defaults. */
export interface Swing {
  readonly cost: string;
  readonly atLow: number;
  readonly atHigh: number;
  /** The larger of the two divided by the smaller, at least 1. */
  readonly factor: number;
}

function geometricMeanAt(pairs: readonly DemandPair[], prices: PriceList): number {
  return geometricMeanOfRatios(pairs.map((pair) => ratioAt(pair, prices)));
}

function costIds(demands: Iterable<Demand>): readonly string[] {
  return [...new Set([...demands].flatMap((demand) => [...demand.keys()]))];
}

/** One-at-a-time sensitivity of the geometric mean of the ratios; the most influential cost first. */
export function tornado(pairs: readonly DemandPair[], profile: CostProfile): readonly Swing[] {
  const defaults = pricesAt(profile, 'default');
  const swings = costIds(pairs.flatMap((pair) => [pair.core, pair.baseline])).map((cost): Swing => {
    const at = (level: 'low' | 'high'): number => geometricMeanAt(pairs, (id) => (id === cost ? costOf(profile, id)[level] : defaults(id)));
    const atLow = at('low');
    const atHigh = at('high');
    return { cost, atLow, atHigh, factor: Math.max(atLow, atHigh) / Math.min(atLow, atHigh) };
  });
  return swings.sort((left, right) => right.factor - left.factor || (left.cost < right.cost ? -1 : 1));
}

/** The demands of one core for each workload that every ranked core completed, baseline alongside. */
export interface Contender {
  readonly core: string;
  readonly pairs: readonly DemandPair[];
}

export interface RankStability {
  readonly draws: number;
  /** Cores by modelled geometric mean at the default prices, cheapest first. */
  readonly order: readonly string[];
  /** Share of draws that gave exactly that order. */
  readonly stable: number;
  /** Every order that occurred with its share, the most frequent first. */
  readonly orders: readonly { readonly order: readonly string[]; readonly share: number }[];
  /** For each core the middle 95 % of its geometric mean over the draws. */
  readonly spread: readonly { readonly core: string; readonly low: number; readonly median: number; readonly high: number }[];
}

const LOWER_TAIL = 0.025;
const UPPER_TAIL = 0.975;
export const DEFAULT_DRAWS = 2000;

/** Draws a price: half of the draws fall evenly below the default and half above, so that the default is the median whatever the skew of its range. */
function drawPrice(cost: Levels, random: Random): number {
  const position = random() * 2;
  return position < 1 ? cost.low + position * (cost.default - cost.low) : cost.default + (position - 1) * (cost.high - cost.default);
}

function orderOf(contenders: readonly Contender[], means: readonly number[]): readonly string[] {
  return contenders
    .map(({ core }, index) => ({ core, mean: means[index] ?? Number.NaN }))
    .sort((left, right) => left.mean - right.mean)
    .map(({ core }) => core);
}

/** Monte Carlo over the ranges of all prices at once: does the order of the techniques survive? Each draw uses one price list for all cores. */
export function rankStability(
  contenders: readonly Contender[],
  profile: CostProfile,
  options: { readonly seed: number; readonly draws?: number },
): RankStability {
  const draws = options.draws ?? DEFAULT_DRAWS;
  const random = seededRandom(options.seed, 'rank-stability');
  const ids = costIds(contenders.flatMap(({ pairs }) => pairs.flatMap((pair) => [pair.core, pair.baseline])));
  const meansAt = (prices: PriceList): number[] => contenders.map(({ pairs }) => geometricMeanAt(pairs, prices));
  const order = orderOf(contenders, meansAt(pricesAt(profile, 'default')));
  const tally = new Map<string, { order: readonly string[]; count: number }>();
  const means: number[][] = contenders.map(() => []);
  for (let draw = 0; draw < draws; draw++) {
    const prices = new Map(ids.map((id) => [id, drawPrice(costOf(profile, id), random)]));
    const drawn = meansAt((id) => prices.get(id) ?? 0);
    drawn.forEach((mean, index) => means[index]?.push(mean));
    const drawnOrder = orderOf(contenders, drawn);
    const key = JSON.stringify(drawnOrder);
    tally.set(key, { order: drawnOrder, count: (tally.get(key)?.count ?? 0) + 1 });
  }
  const orders = [...tally.values()]
    .map((entry) => ({ order: entry.order, share: entry.count / draws }))
    .sort((left, right) => right.share - left.share);
  const spread = contenders.map(({ core }, index) => {
    const [low = Number.NaN, median = Number.NaN, high = Number.NaN] = quantilesOf(means[index] ?? [], [LOWER_TAIL, 0.5, UPPER_TAIL]);
    return { core, low, median, high };
  });
  return { draws, order, stable: (tally.get(JSON.stringify(order))?.count ?? 0) / draws, orders, spread };
}

/**
 * The price of one cost, in cycles, at which two demands cost the same with all other prices at their defaults; negative where no real price would do.
 * Undefined where the price cannot decide, because both demand it equally.
 */
export function breakEven(left: Demand, right: Demand, profile: CostProfile, cost: string): number | undefined {
  const slope = (left.get(cost) ?? 0) - (right.get(cost) ?? 0);
  if (slope === 0) return undefined;
  const others: PriceList = (id) => (id === cost ? 0 : costOf(profile, id).default);
  return (cyclesOf(right, others) - cyclesOf(left, others)) / slope;
}
