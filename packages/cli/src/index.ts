export { runProgram } from './program.js';
export type { Project } from './project.js';
export { registry } from './registry.js';
export type { Registry } from './registry.js';
export { DIFFICULTY_HEAD, difficultyRow, measureDifficulty } from './difficulty/measure.js';
export type { Difficulty } from './difficulty/measure.js';
export { project } from './project.js';
export { ExitCode } from './exit-codes.js';
