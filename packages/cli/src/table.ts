import { sharePercent } from '@ringbench/analysis';
import type { CellSummary, RunSummary } from '@ringbench/analysis';
import type { Violation } from '@ringbench/harness';
import { oneLine } from '@ringbench/harness/problem';
import { formatCount } from './counts.js';
import { textTable } from './text-table.js';

const RATIO_DIGITS = 3;

const formatRatio = (ratio: number): string => `×${Number(ratio.toPrecision(RATIO_DIGITS))}`;

function cellLines(cell: CellSummary | undefined): readonly string[] {
  if (cell === undefined) return ['-'];
  if (cell.outcome !== 'ok') return [cell.outcome.toUpperCase()];
  const { ratio, wallRatio } = cell;
  const modelled = ratio === undefined ? '- modelled' : `${formatRatio(ratio.default)} modelled (${formatRatio(ratio.low)} to ${formatRatio(ratio.high)})`;
  const wall = wallRatio === undefined ? '- wall clock' : `${formatRatio(wallRatio.estimate)} wall clock`;
  const direct = cell.directShare === undefined ? [] : [`${sharePercent(cell.directShare)}% direct`];
  return [`${formatCount(cell.retired ?? 0)} retired`, ...direct, modelled, wall];
}

/** The matrix of a run: workloads down, cores across. */
export function matrixTable(summary: RunSummary): string {
  const cores = summary.header.cores.map((core) => core.id);
  const rows = summary.header.workloads.map(({ id }) => [
    id,
    ...cores.map((core) => cellLines(summary.cells.find((cell) => cell.core === core && cell.workload === id)).join('\n')),
  ]);
  return textTable(['workload', ...cores], rows);
}

/** What the numbers of the matrix are. */
export function legend(summary: RunSummary): string {
  const { profile, baseline, wallClock } = summary;
  return [
    'direct: share of the region\'s instructions that the silicon ran without intervention; what a monitor interpreted is not direct.',
    `retired: guest instructions from load to end, exact. modelled: cycles of the measured region over ${baseline}'s at the prices of "${profile.id}"`,
    `(${oneLine(profile.title)}), and the range over all prices. wall clock: time of the region over ${baseline}'s, medians.`,
    wallClock.statement,
  ].join('\n');
}

/** Modelled cycles of every cell, for `ringbench price`. */
export function priceTable(summary: RunSummary): string {
  const rows = summary.cells.map(({ workload, core, cycles, ratio, unpriced, outcome }) => [
    workload,
    core,
    cycles === undefined ? outcome : formatCount(Math.round(cycles.default)),
    cycles === undefined ? '' : `${formatCount(Math.round(cycles.low))} to ${formatCount(Math.round(cycles.high))}`,
    ratio === undefined ? '-' : `${formatRatio(ratio.default)} (${formatRatio(ratio.low)} to ${formatRatio(ratio.high)})`,
    unpriced.join(' '),
  ]);
  return textTable(['workload', 'core', 'cycles', 'range', `over ${summary.baseline}`, 'events without a price'], rows);
}

/** Errors in the data, one a line. */
export function violationLines(violations: readonly Violation[]): readonly string[] {
  return violations.map(({ workload, core, kind, message }) => `ERROR ${workload} on ${core}, ${kind}: ${oneLine(message)}`);
}
