/** What the real User-Mode Linux was measured to cost, beside what is modelled here. Context: no price was set or changed by any of these numbers. */
import { sampleRankCorrelation } from 'simple-statistics';
import type { Levels } from './sensitivity.js';
import { RIVAL, standingFor } from './contest.js';
import type { RunSummary } from './summary.js';

/** Time of an operation under User-Mode Linux over its time on the host, median and range of five alternating rounds. */
export interface MeasuredRatio {
  /** The workload here that does the same, or nearly. */
  readonly workload: string;
  readonly low: number;
  readonly middle: number;
  readonly high: number;
  /** How the measured operation differs from the workload. */
  readonly remark?: string;
}

/** Where the numbers are from. Individual ratios can be trusted to about a fifth, those of fork, exec and page-touch to about a third. */
export const MEASURED_ON = "Debian's User-Mode Linux 6.1 (SKAS0 with PTRACE_SYSEMU), 32-bit programs, x86-64 host at 2.6 GHz, November 2026";

/** 32-bit programs, as the guests here are. A ratio without a published range has its own value as the range. */
export const MEASURED_RATIOS: readonly MeasuredRatio[] = [
  { workload: 'null-syscall', low: 79, middle: 90, high: 102 },
  { workload: 'write-devnull', low: 78, middle: 84, high: 103 },
  { workload: 'stat', low: 20, middle: 22, high: 23 },
  { workload: 'open-close', low: 17, middle: 17, high: 20 },
  { workload: 'signal-install', low: 49, middle: 54, high: 61 },
  { workload: 'signal-deliver', low: 4, middle: 4.3, high: 5.2 },
  { workload: 'protection-fault', low: 9, middle: 12, high: 14 },
  { workload: 'pipe-round-trip', low: 15, middle: 16, high: 23 },
  { workload: 'fork-exit', low: 11, middle: 14, high: 19 },
  { workload: 'fork-exec', low: 7, middle: 8, high: 11 },
  { workload: 'page-touch', low: 25, middle: 28, high: 32 },
  { workload: 'file-map-fault', low: 145, middle: 159, high: 199 },
  { workload: 'cow-page', low: 34, middle: 38, high: 43, remark: 'the workload contains the fork and the waiting, the measurement only the writes' },
  { workload: 'read-4k-cached', low: 31, middle: 33, high: 49 },
  { workload: 'memcpy', low: 1.1, middle: 1.1, high: 1.1 },
];

export interface ShapePoint {
  readonly measured: MeasuredRatio;
  readonly modelled: Levels;
}

/** The modelled ratios of one configuration beside the measured ones. */
export interface Shape {
  readonly rival: string;
  /** At least one, in the order of `MEASURED_RATIOS`. */
  readonly points: readonly ShapePoint[];
  /** Spearman's rank correlation of modelled and measured ratios, -1 to 1; undefined where there are too few for one. */
  readonly rankCorrelation: number | undefined;
}

/** With fewer the correlation takes a handful of values and says nothing. */
const FEWEST_FOR_CORRELATION = 5;

/** What a run models of the measured operations; undefined if it has none of them. The configuration is the first that stands for User-Mode Linux: the default arrangement, which is the one that was measured. */
export function shapeOf(summary: RunSummary): Shape | undefined {
  const [rival] = standingFor(summary, RIVAL);
  if (rival === undefined) return undefined;
  const points = MEASURED_RATIOS.flatMap((measured): readonly ShapePoint[] => {
    const cell = summary.cells.find(({ core, workload }) => core === rival && workload === measured.workload);
    return cell?.ratio === undefined ? [] : [{ measured, modelled: cell.ratio }];
  });
  if (points.length === 0) return undefined;
  const isEnough = points.length >= FEWEST_FOR_CORRELATION;
  const rankCorrelation = isEnough ? sampleRankCorrelation(points.map(({ modelled }) => modelled.default), points.map(({ measured }) => measured.middle)) : undefined;
  return { rival, points, rankCorrelation };
}
