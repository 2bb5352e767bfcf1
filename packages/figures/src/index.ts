export { FIGURES, FIGURE_IDS } from './figures/index.js';
export type { Figure, FigureId } from './figures/index.js';
export * from './format.js';
export { FORMATS } from './render.js';
export type { Format } from './render.js';
export { DEFAULT_PROFILE, PROFILES_FOLDER, readProfile, readProfiles, readRun } from './results.js';
export type { Reading, RunReading } from './results.js';
export * from './write.js';
