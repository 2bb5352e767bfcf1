import { conformance } from '@ringbench/engine/conformance';
import { workloads } from '@ringbench/engine/conformance/workloads';
import { core } from '../src/index.js';

/** The same fingerprints and counts, whatever executes the guest. */
conformance(core, { workloads, settings: { executor: 'translator' } });
