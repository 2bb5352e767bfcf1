import type { RunHeader } from '@ringbench/journal';

/** What the run's wall-clock times can be taken for. */
export interface WallClockVerdict {
  /** Whether the cores ran on different executors, so that times differ for that reason too. */
  readonly executorsDiffer: boolean;
  readonly executors: readonly { readonly executor: string; readonly cores: readonly string[] }[];
  readonly statement: string;
}

/** On this one direct execution is as slow as being interpreted, and hides what a technique adds. */
const SLOW_EXECUTOR = 'interpreter';

/** Says what wall-clock time means in this run; derived from the executor that each core names in the header. */
export function wallClockVerdict(header: RunHeader): WallClockVerdict {
  const byExecutor = new Map<string, string[]>();
  for (const { id, executor } of header.cores) byExecutor.set(executor, [...(byExecutor.get(executor) ?? []), id]);
  const executors = [...byExecutor].map(([executor, cores]) => ({ executor, cores }));
  const executorsDiffer = executors.length > 1;
  return {
    executorsDiffer,
    executors,
    statement: `${executorsDiffer ? differingStatement(executors) : commonStatement(executors[0]?.executor)} ${LIMIT}`,
  };
}

/** What holds of every run. */
const LIMIT = 'It is not the time that a technique would take on silicon: a trap costs what its handling costs in this program, an instruction what the executor makes of it.';

function commonStatement(executor = 'one executor'): string {
  const common = `Every core of this run executes guest instructions on the same executor (${executor}).`;
  if (executor === SLOW_EXECUTOR) return `${common} It interprets instructions that run directly too, which hides most of what a technique adds: wall-clock says next to nothing about the techniques.`;
  return `${common} Wall-clock over the baseline's is therefore what a technique adds in this laboratory: its monitor's work, and code that it keeps from running directly.`;
}

function differingStatement(executors: WallClockVerdict['executors']): string {
  const list = executors.map(({ executor, cores }) => `${cores.join(', ')} on the ${executor}`).join('; ');
  return `Cores of this run execute on different executors (${list}). Among cores on one executor, wall-clock over the baseline's is what a technique adds in this laboratory; between executors it compares these too, and a guest that is emulated is interpreted because that is its technique.`;
}
