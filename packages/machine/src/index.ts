export * from './layout.js';
export * from './memory.js';
export * from './ports.js';
