#!/usr/bin/env node
import { objectionToNode } from './node-version.js';

const objection = objectionToNode(process.versions.node);
if (objection === undefined) {
  // Imported only now: an old Node may not even parse the rest.
  const [{ keepCompiledModules }, { loadCommand }] = await Promise.all([import('./compile-cache.js'), import('./bundle.js')]);
  keepCompiledModules();
  const { runProgram, project, tolerateClosedPipes } = await loadCommand();
  tolerateClosedPipes();
  process.exitCode = await runProgram(process.argv, project);
} else {
  process.stderr.write(`${objection}\n`);
  process.exitCode = 2;
}
