import type { Observation } from '@ringbench/journal';
import type { GuestRecipe } from './guest.js';

/** All that a measuring process is told: one cell, complete in itself. Sent as JSON in its first argument. */
export interface CellRequest {
  /** Name of the configuration: the core and its settings. */
  readonly core: string;
  readonly workload: string;
  readonly process: number;
  readonly guest: GuestRecipe;
  /** What the guest must print, as 8 hexadecimal digits; null where the scale is not the workload's default and no answer is on record. */
  readonly checksum: string | null;
  /** Status with which the guest must end. */
  readonly status: number;
  /** Guest instructions. */
  readonly budget: number;
  readonly samples: number;
  readonly memoryBytes: number;
  /** What executes the guest, as the header says of the core. */
  readonly executor: string;
  /** Process that waits for the answer: when it is gone, so is the reason to go on. */
  readonly parent: number;
}

const DETAIL_LIMIT = 2000;

/** The observation of a cell without a result. */
export function crashed(cell: Pick<CellRequest, 'core' | 'workload' | 'process'>, detail: string): Observation {
  return {
    type: 'observation',
    core: cell.core,
    workload: cell.workload,
    process: cell.process,
    outcome: 'crashed',
    detail: detail.slice(0, DETAIL_LIMIT),
    checksum: '',
    retired: 0,
    counts: {},
    region: {},
    milliseconds: { load: 0, run: 0, region: 0 },
    samples: [],
    fingerprint: '',
  };
}
