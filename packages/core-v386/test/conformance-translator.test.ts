import { conformance } from '@ringbench/engine/conformance';
import { everyOfSecondExecutor, workloads } from '@ringbench/engine/conformance/workloads';
import { core } from '../src/index.js';

/** The same fingerprints and counts, whatever executes the guest: a slice here, all of it by `npm run prove:translator`. */
conformance(core, { workloads, every: everyOfSecondExecutor, settings: { executor: 'translator' } });
