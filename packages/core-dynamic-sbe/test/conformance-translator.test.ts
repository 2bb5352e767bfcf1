import { conformance } from '@ringbench/engine/conformance';
import { everyOfSecondExecutor, thorough, workloads } from '@ringbench/engine/conformance/workloads';
import { core } from '../src/index.js';

/** The same fingerprints and counts, whatever executes the guest: a slice here, all of it by `npm run prove:conformance`. */
conformance(core, { workloads, thorough, every: everyOfSecondExecutor, settings: { executor: 'eager-translator' } });
