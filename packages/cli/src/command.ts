/** All that `main` needs, behind the version of Node: an entry of the bundle (bundle.ts). */
export { tolerateClosedPipes } from './output.js';
export { runProgram } from './program.js';
export { project } from './project.js';
