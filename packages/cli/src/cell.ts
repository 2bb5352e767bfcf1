/** All that the measuring process needs: an entry of the bundle (bundle.ts). */
export { serveCell } from '@ringbench/harness/child';
export { registry } from './registry.js';
