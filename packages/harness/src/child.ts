import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
import { createHash } from 'node:crypto';
import type { CoreDefinition } from '@ringbench/engine';
import type { Observation } from '@ringbench/journal';
import { crashed } from './cell.js';
import type { CellRequest } from './cell.js';
import { measureCell } from './measure.js';
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
    const bytes = readFileSync(request.imagePath);
    const found = createHash('sha256').update(bytes).digest('hex');
    if (found !== request.sha256) return crashed(request, 'the image changed after the run began');
    return await measureCell(await loadCore(request.core), request, bytes, () => performance.now());
  } catch (error) {
    return crashed(request, error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
}

function answer(observation: Observation): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send?.(observation, (error: Error | null) => (error === null ? resolve() : reject(error)));
  });
}
