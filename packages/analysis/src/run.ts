import type { InstructionMatrix, Observation, Outcome, RunHeader } from '@ringbench/journal';
import { countOf } from './pricing.js';
import type { Counts } from './pricing.js';

/** A run as read from its journal. */
export interface Run {
  readonly header: RunHeader;
  readonly observations: readonly Observation[];
  /** The matrix of instructions that was left beside the journal, if any. */
  readonly matrix?: InstructionMatrix | undefined;
}

/** All observations of one workload under one core, from fresh processes. */
export interface Cell {
  readonly core: string;
  readonly workload: string;
  readonly observations: readonly Observation[];
}

/** `missing`: planned, but not measured yet. */
export type CellOutcome = Outcome | 'missing';

/** The planned matrix in the order of the header, workload by workload. */
export function cellsOf(run: Run): readonly Cell[] {
  const byCell = new Map<string, Observation[]>();
  const keyOf = (core: string, workload: string): string => JSON.stringify([core, workload]);
  for (const observation of run.observations) {
    const key = keyOf(observation.core, observation.workload);
    const list = byCell.get(key);
    if (list === undefined) byCell.set(key, [observation]);
    else list.push(observation);
  }
  return run.header.workloads.flatMap((workload) =>
    run.header.cores.map((core) => ({ core: core.id, workload: workload.id, observations: byCell.get(keyOf(core.id, workload.id)) ?? [] })),
  );
}

/** One bad process makes the cell bad: counts are the same in every process, so a failure is never noise. */
export function outcomeOf(cell: Cell): { readonly outcome: CellOutcome; readonly detail: string } {
  const failed = cell.observations.find((observation) => observation.outcome !== 'ok');
  if (failed !== undefined) return { outcome: failed.outcome, detail: failed.detail };
  const [first] = cell.observations;
  return first === undefined ? { outcome: 'missing', detail: 'not measured' } : { outcome: 'ok', detail: first.detail };
}

function sameCounts(left: Counts, right: Counts): boolean {
  const names = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...names].every((name) => countOf(left, name) === countOf(right, name));
}

/** Whether every process counted the same events; if not, a result is not reproducible and must say so. */
export function countsAgree(cell: Cell): boolean {
  const [first] = cell.observations;
  return (
    first === undefined ||
    cell.observations.every((other) => sameCounts(first.region, other.region) && sameCounts(first.counts, other.counts))
  );
}

/** Milliseconds of the measured region, one for each process; empty where the host clock was not read. */
export function regionTimes(cell: Cell): readonly number[] {
  const times = cell.observations.map((observation) => observation.milliseconds.region);
  return times.every((time) => time > 0) ? times : [];
}
