#!/usr/bin/env node
import { objectionToNode } from './node-version.js';

const objection = objectionToNode(process.versions.node);
if (objection === undefined) {
  // Imported only now: an old Node may not even parse the rest.
  (await import('./compile-cache.js')).keepCompiledModules();
  const [{ runProgram }, { project }, { tolerateClosedPipes }] = await Promise.all([import('./program.js'), import('./project.js'), import('./output.js')]);
  tolerateClosedPipes();
  process.exitCode = await runProgram(process.argv, project);
} else {
  process.stderr.write(`${objection}\n`);
  process.exitCode = 2;
}
