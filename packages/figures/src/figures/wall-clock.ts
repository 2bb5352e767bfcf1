/** What the techniques took in this laboratory, measured: beside the model, never mixed with it. */
import { HARNESS_WORKLOAD } from '@ringbench/analysis';
import type { Figure } from './figure.js';
import { ratioChart } from './ratio-chart.js';
import type { RatioKind } from './ratio-chart.js';

const WALL_CLOCK: RatioKind = {
  ratioOf: ({ wallRatio }) => wallRatio && { middle: wallRatio.estimate, low: wallRatio.low ?? wallRatio.estimate, high: wallRatio.high ?? wallRatio.estimate },
  quantity: 'wall-clock',
  subtitle: ({ wallClock: { executorsDiffer } }) => [
    `Measured, not modelled. ${executorsDiffer ? 'The cores execute on different executors; the caption names them.' : 'All cores execute on the same executor.'}`,
    'Point: ratio of medians. Bar: its 95 % bootstrap interval; none with fewer than three processes.',
  ],
};

export const wallClock: Figure = {
  title: 'Wall-clock by workload and technique',
  caption: (summary) =>
    `Time of the measured region relative to ${summary.baseline}, each process by itself on the host's clock; the workload ${HARNESS_WORKLOAD}, whose region is empty, is left out. ${summary.wallClock.statement} Short regions contain the time in which hot code is found and translated, on every core alike, which draws ratios towards one.`,
  spec: (summary) => ratioChart(summary, { title: wallClock.title, kind: WALL_CLOCK, isShown: ({ core, workload }) => core !== summary.baseline && workload !== HARNESS_WORKLOAD }),
};
