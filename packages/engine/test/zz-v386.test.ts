import { conformance } from '@ringbench/engine/conformance';
import { workloads } from './support/workloads.js';
import { core } from '../../core-v386/dist/index.js';

conformance(core, { workloads });
