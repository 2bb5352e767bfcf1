export { runProgram } from './program.js';
export type { Project } from './project.js';
export { registry } from './registry.js';
export type { Registry } from './registry.js';
export { ExitCode } from './exit-codes.js';
