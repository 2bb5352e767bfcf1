import { readFileSync } from 'node:fs';
import type { ConformanceWorkload } from '../../src/conformance/index.js';

/**
 * Scales at which a workload ends within a test's patience, and the checksums that the hosted twins (workloads/README.md) compute at them, compiled with the
 * flags of scripts/build-workloads.mjs.
 */
const REDUCED: readonly Omit<ConformanceWorkload, 'bytes'>[] = [
  { id: 'noop', scale: 1, checksum: '52696e67' },
  { id: 'coremark-like', scale: 1, checksum: 'b2c186e2' },
  { id: 'sieve-sort', scale: 1, checksum: 'b30dbf3e' },
  { id: 'syscall-loop', scale: 300, checksum: '2a3fd9f3' },
  { id: 'demand-paging', scale: 400, checksum: 'b25a99ed' },
  { id: 'sensitive', scale: 30, checksum: '8e62ea18' },
  { id: 'port-io', scale: 300, checksum: 'ba53fcf7' },
];

/** The committed bare guests, for `conformance(core, { workloads })`; exported as `@ringbench/engine/conformance/workloads` to the tests of cores. */
export const workloads: readonly ConformanceWorkload[] = REDUCED.map((reduced) => ({
  ...reduced,
  bytes: readFileSync(new URL(`../../../../workloads/${reduced.id}/image.elf`, import.meta.url)),
}));

/** `npm run prove:conformance` sets RINGBENCH_WHOLE_CONFORMANCE: every guest both ways, every check under each executor. */
export const thorough: boolean = process.env['RINGBENCH_WHOLE_CONFORMANCE'] !== undefined;
/** Which checks run of a core under an executor that is not its own. */
export const everyOfSecondExecutor: number = thorough ? 1 : 7;
