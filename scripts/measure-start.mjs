// How long the commands take from process start to a guest's first instruction: they are run for one instruction and timed to their end, which is later still.
//
//   node scripts/measure-start.mjs [--rounds N] [--json]
//
// Needs a build. The least of the rounds is what the program takes; what is more is the machine's other work. Exit code 1 if that is above the target.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '15' }, json: { type: 'boolean', default: false } } });
const root = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const TARGET_SECONDS = 0.3;
const ONE_INSTRUCTION = ['--max-instructions', '1', '--quiet'];
/** Exit code of a guest whose instructions are spent. */
const SPENT = 3;
const COMMANDS = {
  boot: ['boot', ...ONE_INSTRUCTION, '--multiboot', root('workloads/noop/image.elf')],
  'boot --core v386': ['boot', '--core', 'v386', ...ONE_INSTRUCTION, '--multiboot', root('workloads/noop/image.elf')],
  'boot --core sbe': ['boot', '--core', 'sbe', ...ONE_INSTRUCTION, '--multiboot', root('workloads/noop/image.elf')],
  exec: ['exec', ...ONE_INSTRUCTION, root('workloads/user/null-syscall/image.elf')],
};

function secondsOf(name, words) {
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, [root('packages/cli/dist/main.js'), ...words], { encoding: 'utf8' });
  if (status !== SPENT) throw new Error(`${name} ended with ${status}: ${stderr}`);
  return (performance.now() - start) / 1000;
}

const rounds = Number(values.rounds);
const times = new Map(Object.keys(COMMANDS).map((name) => [name, []]));
for (let round = 0; round < rounds; round++) for (const [name, words] of Object.entries(COMMANDS)) times.get(name).push(secondsOf(name, words));
const results = [...times].map(([command, all]) => {
  const sorted = all.toSorted((a, b) => a - b);
  return { command, least: sorted[0], median: sorted[sorted.length >> 1] };
});
if (values.json) console.log(JSON.stringify({ targetSeconds: TARGET_SECONDS, rounds, results }, undefined, 2));
else for (const { command, least, median } of results) console.log(`${command.padEnd(18)} least ${least.toFixed(2)} s, median ${median.toFixed(2)} s${least <= TARGET_SECONDS ? '' : `, above ${TARGET_SECONDS} s`}`);
process.exitCode = results.every(({ least }) => least <= TARGET_SECONDS) ? 0 : 1;
