export * from './configuration-name.js';
export * from './schema.js';
export * from './parse.js';
export * from './file.js';
export * from './instruction-matrix.js';
