/** Two runs side by side: what changed in the counts, which are exact, and in the host time, which is not. */
import { countOf } from './pricing.js';
import type { Interval } from './statistics.js';
import { bootstrapRatio } from './statistics.js';
import { cellsOf, outcomeOf, regionTimes } from './run.js';
import type { Cell, CellOutcome, Run } from './run.js';

export interface CountChange {
  readonly event: string;
  readonly before: number;
  readonly after: number;
}

export interface CellComparison {
  readonly core: string;
  readonly workload: string;
  readonly outcomes: { readonly before: CellOutcome; readonly after: CellOutcome };
  /** Every event of the region whose count differs. */
  readonly changes: readonly CountChange[];
  /** Host time after over before; undefined where a side has none. */
  readonly wallRatio: Interval | undefined;
  /** Whether the interval excludes 1. */
  readonly timeChanged: boolean;
}

export interface ComparisonOptions {
  readonly resamples?: number;
  readonly confidence?: number;
}

function changesBetween(before: Cell, after: Cell): readonly CountChange[] {
  const [left, right] = [before.observations[0]?.region ?? {}, after.observations[0]?.region ?? {}];
  const events = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...events]
    .map((event) => ({ event, before: countOf(left, event), after: countOf(right, event) }))
    .filter((change) => change.before !== change.after);
}

/** Compares the cells that both runs planned; seeded by the first run. */
export function compareRuns(before: Run, after: Run, options: ComparisonOptions = {}): readonly CellComparison[] {
  const later = new Map(cellsOf(after).map((cell) => [JSON.stringify([cell.core, cell.workload]), cell]));
  return cellsOf(before).flatMap((cell) => {
    const counterpart = later.get(JSON.stringify([cell.core, cell.workload]));
    return counterpart === undefined ? [] : [compareCell(cell, counterpart, before.header.seed, options)];
  });
}

function compareCell(before: Cell, after: Cell, seed: number, options: ComparisonOptions): CellComparison {
  const outcomes = { before: outcomeOf(before).outcome, after: outcomeOf(after).outcome };
  const bothOk = outcomes.before === 'ok' && outcomes.after === 'ok';
  const [denominator, numerator] = [regionTimes(before), regionTimes(after)];
  const timed = bothOk && numerator.length > 0 && denominator.length > 0;
  const wallRatio = timed
    ? bootstrapRatio({ numerator, denominator }, { seed, purpose: `compare/${before.core}/${before.workload}`, ...options })
    : undefined;
  const timeChanged = wallRatio?.low !== undefined && wallRatio.high !== undefined && (wallRatio.low > 1 || wallRatio.high < 1);
  return {
    core: before.core,
    workload: before.workload,
    outcomes,
    changes: bothOk ? changesBetween(before, after) : [],
    wallRatio,
    timeChanged,
  };
}
