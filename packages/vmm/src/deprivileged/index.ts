export { DeprivilegedEngine, type DeprivilegedPolicy } from './engine.js';
export { SHADOW_EVENTS } from './shadow-counters.js';
