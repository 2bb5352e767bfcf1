import { performance } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
import type { CoreDefinition } from '@ringbench/engine';
import type { Observation } from '@ringbench/journal';
import { crashed } from './cell.js';
import type { CellRequest } from './cell.js';
import { configurationOf } from './configuration.js';
import { assembleGuest } from './guest.js';
import { measureCell } from './measure.js';
import { InputProblem } from './problem.js';
import { reasonNotToMeasure } from './built.js';

/** Loads the core with an id, and nothing else. */
export type CoreLoader = (id: string) => Promise<CoreDefinition>;

/**
 * The whole life of a measuring process: takes the cell from the first argument, measures it, and sends one Observation to the parent.
 * The entry script, which knows the cores, calls this once.
 */
export async function serveCell(loadCore: CoreLoader): Promise<void> {
  // The terminal's interrupt reaches the whole group; the parent decides what becomes of this process.
  process.on('SIGINT', () => {});
  const request = requestFromArguments();
  const watchdog = new Worker(new URL('./watchdog.js', import.meta.url), { workerData: request.parent });
  watchdog.unref();
  await answer(await measureRequest(request, loadCore));
  process.disconnect?.();
  await watchdog.terminate();
}

/** The parent is the harness itself, so that its request is not checked again. */
function requestFromArguments(): CellRequest {
  const [, , json] = process.argv;
  if (json === undefined || process.send === undefined) throw new Error('this is the measuring process of `ringbench run`; it is not started by hand');
  return JSON.parse(json) as CellRequest;
}

async function measureRequest(request: CellRequest, loadCore: CoreLoader): Promise<Observation> {
  try {
    const refusal = reasonNotToMeasure(import.meta.url, process.execArgv, process.env['NODE_OPTIONS']);
    if (refusal !== undefined) return crashed(request, refusal);
    const guest = assembleGuest(request.workload, request.guest);
    return await measureCell(await loadCore(configurationOf(request.core).core), request, guest, () => performance.now());
  } catch (error) {
    if (error instanceof InputProblem) return crashed(request, `the workload changed after the run began: ${error.message}`);
    return crashed(request, error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
}

function answer(observation: Observation): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send?.(observation, (error: Error | null) => (error === null ? resolve() : reject(error)));
  });
}
