import type { RunHeader } from '@ringbench/journal';

/** What the run's host times can be taken for. */
export interface WallClockVerdict {
  /** Whether the cores ran on different executors, so that host times differ for that reason too. */
  readonly executorsDiffer: boolean;
  readonly executors: readonly { readonly executor: string; readonly cores: readonly string[] }[];
  readonly statement: string;
}

/** Says what host time means in this run; derived from the executor that each core names in the header. */
export function wallClockVerdict(header: RunHeader): WallClockVerdict {
  const byExecutor = new Map<string, string[]>();
  for (const { id, executor } of header.cores) byExecutor.set(executor, [...(byExecutor.get(executor) ?? []), id]);
  const executors = [...byExecutor].map(([executor, cores]) => ({ executor, cores }));
  const executorsDiffer = executors.length > 1;
  return {
    executorsDiffer,
    executors,
    statement: executorsDiffer ? differingStatement(executors) : commonStatement(executors[0]?.executor),
  };
}

function commonStatement(executor: string | undefined): string {
  const name = executor === undefined ? 'the same executor' : `the same executor (${executor})`;
  return `Every core of this run executes guest instructions on ${name}. Host time therefore measures the laboratory's own work and says nothing about the techniques; compare them by event counts and modelled cycles.`;
}

function differingStatement(executors: WallClockVerdict['executors']): string {
  const list = executors.map(({ executor, cores }) => `${cores.join(', ')} on ${executor}`).join('; ');
  return `The cores of this run execute on different executors (${list}). Host time compares the executors as well as the techniques, inside this laboratory only; it is not the time that the techniques would take on silicon.`;
}
