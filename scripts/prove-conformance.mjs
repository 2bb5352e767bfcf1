// Runs the whole conformance suite of every core and executor (packages/engine/src/conformance), of which `npm test` leaves something out: every guest of the
// catalogue whole and in slices, and under the translator every check. Besides, more of the random guests (`chaos`).
//
//   node scripts/prove-conformance.mjs
//
// Exit code 1 when a check fails.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const VITEST = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');

const { status } = spawnSync(process.execPath, [VITEST, 'run', '--reporter=dot', 'conformance', 'chaos'], {
  cwd: fileURLToPath(new URL('..', import.meta.url)), stdio: 'inherit', env: { ...process.env, RINGBENCH_WHOLE_CONFORMANCE: '1' },
});
process.exitCode = status === 0 ? 0 : 1;
