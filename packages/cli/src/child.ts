import { serveCell } from '@ringbench/harness/child';
import { registry } from './registry.js';

// The measuring process of `ringbench run`; started by the harness for each cell.
await serveCell((id) => registry.load(id));
