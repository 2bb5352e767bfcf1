import { conformance } from '@ringbench/engine/conformance';
import { workloads } from '../../engine/test/support/workloads.js';
import { core } from '../src/index.js';

conformance(core, { workloads });
