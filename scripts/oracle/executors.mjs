// Runs the suite `executors` (benchmarks/suites) and compares, of every core and workload, the translator with the interpreter: answer, instructions, final state and
// every count by its name. That the cores agree among each other is `ringbench run`'s own check.
//
//   node scripts/oracle/executors.mjs [--out DIR] [--suite ID]
//
// Exit code 1 when anything differs or a cell has no counterpart; else a table of host times, translator over interpreter, which are of one noisy run.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { out: { type: 'string' }, suite: { type: 'string', default: 'executors' } } });
const main = fileURLToPath(new URL('../../packages/cli/dist/main.js', import.meta.url));
const out = values.out ?? mkdtempSync(join(tmpdir(), 'ringbench-executors-'));

const { status } = spawnSync(process.execPath, [main, 'run', '--suite', values.suite, '--out', out], { stdio: ['ignore', 'ignore', 'inherit'] });
const observations = readFileSync(join(out, 'journal.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line)).filter(({ type }) => type === 'observation');
if (values.out === undefined) rmSync(out, { recursive: true });

/** How a configuration's name ends that is what others are compared with. */
const INTERPRETED = ':executor=interpreter';
const nameOf = ({ core, workload }) => `${core} ${workload}`;
const byName = new Map(observations.map((observation) => [nameOf(observation), observation]));
const isTranslated = ({ core }) => !core.endsWith(INTERPRETED);
const plainCore = (core) => core.split(':')[0];

function differences(expected, found) {
  const lines = ['outcome', 'checksum', 'retired', 'fingerprint'].filter((field) => expected[field] !== found[field]).map((field) => `${field}: ${expected[field]} and ${found[field]}`);
  for (const part of ['counts', 'region']) {
    const keys = new Set([...Object.keys(expected[part]), ...Object.keys(found[part])]);
    for (const key of [...keys].toSorted()) if ((expected[part][key] ?? 0) !== (found[part][key] ?? 0)) lines.push(`${part} ${key}: ${expected[part][key] ?? 0} and ${found[part][key] ?? 0}`);
  }
  return lines;
}

let compared = 0;
let different = 0;
const ratios = new Map();
for (const found of observations.filter(isTranslated)) {
  const core = plainCore(found.core);
  const expected = byName.get(`${core}${INTERPRETED} ${found.workload}`);
  const lines = expected === undefined ? ['not run on the interpreter'] : differences(expected, found);
  compared++;
  if (lines.length > 0) {
    different++;
    console.log(`${nameOf(found)}\n  ${lines.join('\n  ')}`);
  } else if (found.outcome === 'ok') ratios.set(core, [...(ratios.get(core) ?? []), found.milliseconds.run / expected.milliseconds.run]);
}
for (const [core, values] of ratios) console.log(`${core.padEnd(12)} host time, translator over interpreter, geometric mean: ${Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length).toFixed(2)}`);
console.log(`${compared} cells compared, ${different} differ`);
process.exitCode = different === 0 && compared > 0 && status === 0 ? 0 : 1;
