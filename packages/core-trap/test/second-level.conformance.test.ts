import { conformance } from '@ringbench/engine/conformance';
import { thorough, workloads } from '@ringbench/engine/conformance/workloads';
import { core } from '../src/index.js';

conformance(core, { workloads, thorough, settings: { translation: 'second-level' } });
