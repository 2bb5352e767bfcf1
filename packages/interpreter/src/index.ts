export { Interpreter } from './interpreter.js';
export { HOT_SET } from './hot-set.js';
export type { HotSet } from './hot-loop.js';
