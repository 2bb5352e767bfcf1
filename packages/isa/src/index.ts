export * from './state.js';
export * from './flags.js';
export * from './events.js';
export * from './encoding/instruction.js';
export type { Silicon } from './system/silicon.js';
