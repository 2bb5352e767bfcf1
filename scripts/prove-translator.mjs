// Proves that the translator is the interpreter, only faster: the whole conformance suite of the cores that can take it (`npm test` runs a slice), then generated
// programs in lock step, also with checks of the generated code that always fail (scripts/oracle/translator.mjs).
//
//   node scripts/prove-translator.mjs [--instructions N] [--seed S]
//
// N instructions (3,000,000 unless told) of lock step for each way. Exit code 1 when anything differs.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const VITEST = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
const LOCKSTEP = join(ROOT, 'scripts/oracle/translator.mjs');
const FORCED = ['none', 'some', 'all'];

function options() {
  try {
    return parseArgs({ options: { instructions: { type: 'string', default: '3000000' }, seed: { type: 'string', default: '1' } } }).values;
  } catch (error) {
    console.error(`prove-translator: ${error.message}`);
    return process.exit(2);
  }
}

const { instructions, seed } = options();
const run = (words, environment = {}) => spawnSync(process.execPath, words, { cwd: ROOT, stdio: 'inherit', env: { ...process.env, ...environment } }).status === 0;
const proofs = [
  () => run([VITEST, 'run', '--reporter=dot', 'conformance-translator'], { RINGBENCH_WHOLE_CONFORMANCE: '1' }),
  ...FORCED.map((force) => () => run([LOCKSTEP, '--instructions', instructions, '--seed', seed, '--force', force])),
];
// All of them, so that one failure does not hide another.
const held = proofs.map((proof) => proof());
process.exitCode = held.every(Boolean) ? 0 : 1;
