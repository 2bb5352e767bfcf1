/** Statistics of measured times. Medians and ratios only: host times are skewed, and a mean of two says nothing. */
import { logAverage, median, quantileSorted, sampleWithReplacement } from 'simple-statistics';
import { seededRandom } from './random.js';
import type { Random } from './random.js';

/** An estimate with a two-sided percentile interval; without `low` and `high` there were too few observations for one. */
export interface Interval {
  readonly estimate: number;
  readonly low: number | undefined;
  readonly high: number | undefined;
}

export interface BootstrapOptions {
  readonly seed: number;
  /** What is being estimated; gives each estimate random numbers of its own. */
  readonly purpose?: string;
  readonly resamples?: number;
  /** Coverage of the interval, between 0 and 1. */
  readonly confidence?: number;
}

/** Samples of one quantity under two treatments, in any order. */
export interface Paired {
  readonly numerator: readonly number[];
  readonly denominator: readonly number[];
}

export const DEFAULT_RESAMPLES = 2000;
export const DEFAULT_CONFIDENCE = 0.95;
/** Below this an interval would only repeat the two observations. */
const FEWEST_OBSERVATIONS = 3;

/** Geometric mean, the only mean that does not depend on which side of a ratio is the baseline. Throws on an empty list or a ratio that is not positive. */
export function geometricMeanOfRatios(ratios: readonly number[]): number {
  if (ratios.length === 0 || ratios.some((ratio) => !(ratio > 0 && Number.isFinite(ratio))))
    throw new RangeError('a geometric mean needs positive ratios');
  return logAverage([...ratios]);
}

function resampled(values: readonly number[], random: Random): number[] {
  return sampleWithReplacement([...values], values.length, random);
}

function ratioOfMedians(pair: Paired): number {
  return median([...pair.numerator]) / median([...pair.denominator]);
}

function interval(estimate: number, draw: (random: Random) => number, enough: boolean, options: BootstrapOptions): Interval {
  if (!enough) return { estimate, low: undefined, high: undefined };
  const random = seededRandom(options.seed, options.purpose);
  const draws = Array.from({ length: options.resamples ?? DEFAULT_RESAMPLES }, () => draw(random)).sort((left, right) => left - right);
  const tail = (1 - (options.confidence ?? DEFAULT_CONFIDENCE)) / 2;
  return { estimate, low: quantileSorted(draws, tail), high: quantileSorted(draws, 1 - tail) };
}

function isEnough(pair: Paired): boolean {
  return pair.numerator.length >= FEWEST_OBSERVATIONS && pair.denominator.length >= FEWEST_OBSERVATIONS;
}

/**
 * Ratio of medians with a percentile bootstrap interval (Kalibera & Jones, ISMM'13: an effect size with its interval, not two means). Both sides
 * are resampled independently, as befits processes that were not paired. Throws when a side is empty.
 */
export function bootstrapRatio(pair: Paired, options: BootstrapOptions): Interval {
  if (pair.numerator.length === 0 || pair.denominator.length === 0) throw new RangeError('a ratio needs observations on both sides');
  const draw = (random: Random): number =>
    ratioOfMedians({ numerator: resampled(pair.numerator, random), denominator: resampled(pair.denominator, random) });
  return interval(ratioOfMedians(pair), draw, isEnough(pair), options);
}

/** Geometric mean of several ratios of medians, with an interval from resampling every side of every ratio. */
export function bootstrapGeometricMean(pairs: readonly Paired[], options: BootstrapOptions): Interval {
  const draw = (random: Random): number =>
    geometricMeanOfRatios(
      pairs.map((pair) =>
        ratioOfMedians({ numerator: resampled(pair.numerator, random), denominator: resampled(pair.denominator, random) }),
      ),
    );
  return interval(geometricMeanOfRatios(pairs.map(ratioOfMedians)), draw, pairs.every(isEnough), options);
}

/** Median of a non-empty list. */
export function medianOf(values: readonly number[]): number {
  return median([...values]);
}

/** Quantiles of unsorted values, for probabilities between 0 and 1. */
export function quantilesOf(values: readonly number[], probabilities: readonly number[]): readonly number[] {
  const sorted = [...values].sort((left, right) => left - right);
  return probabilities.map((probability) => quantileSorted(sorted, probability));
}
