export { buildImage, generateProgram, PIECE_KINDS, PROFILES, type Piece, type ProfileName, type Program, type ProgramImage } from './program.js';
export { firstDifference, observe, type Look, type Observation, type ObserveOptions } from './observe.js';
export { shrinkList, shrinkPrograms } from './shrink.js';
export { mixSeed } from './dice.js';
