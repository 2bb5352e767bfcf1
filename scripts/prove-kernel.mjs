// Proves the lab kernel under the cores: the programs of workloads/user and workloads/proofs print what is recorded, a shell script of BusyBox's prints
// what the same binary prints on this Linux, and the cores retire the same number of instructions for each. Then a fuzzer makes system calls on the
// first core, and the kernel must be alive at the end.
//
//   node scripts/prove-kernel.mjs [--core a,b] [--calls N] [--seed N] [ID…]
//
// Exit code 1 when anything differs. With IDs only those programs. Without Debian's packages the script is skipped, and says why. Some minutes.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { blankDisk } from '../packages/lab-kernel/dist/index.js';
import { fetchBusybox, obtain } from './debian/packages.mjs';
import { WORKLOADS, executable, labGuest, labProgram, runLabGuest } from './lab-guest.mjs';

const CORES = ['native', 'emulation', 'v386'];
const BUDGET = 100_000_000_000;
const PROGRAM_MEMORY_BYTES = 64 << 20;
const FUZZ = 'call-fuzz';
const SCRIPT = 'ash-script';

const { values, positionals } = parseArgs({
  options: { core: { type: 'string' }, calls: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '1' } }, allowPositionals: true,
});
const cores = values.core?.split(',') ?? CORES;
const say = (text) => process.stderr.write(`prove-kernel: ${text}\n`);
const isWanted = (id) => positionals.length === 0 || positionals.includes(id);
let problems = 0;

function report(id, core, outcome, difference) {
  if (difference !== undefined) problems++;
  process.stdout.write(`${id.padEnd(24)} ${core.padEnd(10)} ${String(outcome.retired).padStart(11)} instructions  ${difference === undefined ? 'same' : `DIFFERS: ${difference}`}\n`);
}

/** Runs one guest on every core; `judge(outcome)` says what is wrong with the first, to which the others are compared. */
async function prove(id, guest, options, judge) {
  let first;
  for (const name of cores) {
    const { core } = await import(`../packages/core-${name}/dist/index.js`);
    const outcome = runLabGuest(core, guest, { budget: BUDGET, ...options });
    first ??= outcome;
    const matches = outcome.retired === first.retired && outcome.stdout === first.stdout && outcome.stderr === first.stderr;
    report(id, name, outcome, outcome === first ? judge(outcome) : matches ? undefined : `not as on ${cores[0]}, which retired ${first.retired}`);
  }
}

const isClean = ({ exit }) => exit.kind === 'power-off' && exit.status === 0;

async function proveProgram(folder, id) {
  const { bytes, manifest } = labProgram(folder, id);
  const path = `/bin/${id}`;
  const options = { memoryBytes: PROGRAM_MEMORY_BYTES, ...(manifest.needs?.includes('block-device') === true ? { disks: [blankDisk()] } : {}) };
  await prove(id, labGuest([path, String(manifest.scale.default)], [executable(path.slice(1), bytes)]), options, (outcome) => {
    if (!isClean(outcome)) return `${JSON.stringify(outcome.exit)} ${outcome.stderr.slice(-200)}`;
    return outcome.stdout === manifest.expected.stdout ? undefined : JSON.stringify(outcome.stdout.slice(-200));
  });
}

const appletsOf = (busybox) => execFileSync(busybox, ['--list'], { encoding: 'utf8' }).trim().split('\n').filter((name) => name !== 'busybox');

/** What the script prints on this Linux, in a folder of its own. */
function scriptOnHost(busybox, applets, script) {
  const root = mkdtempSync(join(tmpdir(), 'ringbench-ash-'));
  try {
    const [bin, work] = ['bin', 'work'].map((name) => join(root, name));
    for (const folder of [bin, work]) mkdirSync(folder);
    for (const name of applets) symlinkSync(busybox, join(bin, name));
    const file = join(root, 'script.sh');
    writeFileSync(file, script);
    return execFileSync(busybox, ['ash', file, work, bin], { env: {}, encoding: 'latin1', stdio: ['ignore', 'pipe', 'ignore'] });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** The first line that is not the same. */
function difference(here, there) {
  const [mine, theirs] = [here.split('\n'), there.split('\n')];
  const at = mine.findIndex((line, index) => line !== theirs[index]);
  return at < 0 && mine.length === theirs.length ? undefined : `line ${at + 1}: Linux has ${JSON.stringify(theirs[at])}, the lab kernel ${JSON.stringify(mine[at])}`;
}

async function proveScript() {
  const { guests, reason } = obtain(fetchBusybox);
  if (guests === undefined) return say(`${SCRIPT} skipped: ${reason}`);
  const { path } = guests;
  const script = readFileSync(join(WORKLOADS, 'proofs', SCRIPT, 'script.sh'));
  const applets = appletsOf(path);
  const files = [
    executable('bin/busybox', readFileSync(path)), ...applets.map((name) => ({ kind: 'link', path: `bin/${name}`, target: 'busybox' })),
    { kind: 'file', path: 'script.sh', bytes: script }, { kind: 'directory', path: 'work' },
  ];
  const expected = scriptOnHost(path, applets, script);
  await prove(SCRIPT, labGuest(['/bin/busybox', 'ash', '/script.sh', '/work', '/bin'], files), { memoryBytes: PROGRAM_MEMORY_BYTES },
    (outcome) => (isClean(outcome) ? difference(outcome.stdout, expected) : JSON.stringify(outcome.exit)));
}

async function proveCalls() {
  const { bytes, manifest } = labProgram('proofs', FUZZ);
  const { core } = await import(`../packages/core-${cores[0]}/dist/index.js`);
  const outcome = runLabGuest(core, labGuest([`/bin/${FUZZ}`, values.calls, values.seed], [executable(`bin/${FUZZ}`, bytes)]), { budget: BUDGET });
  process.stdout.write(outcome.stderr);
  report(`${FUZZ} seed ${values.seed}`, cores[0], outcome, isClean(outcome) && outcome.stdout === manifest.expected.stdout ? undefined : JSON.stringify(outcome.exit));
}

for (const folder of ['user', 'proofs']) {
  for (const id of readdirSync(join(WORKLOADS, folder))) {
    if (existsSync(join(WORKLOADS, folder, id, 'program.json')) && isWanted(id)) await proveProgram(folder, id);
  }
}
if (isWanted(SCRIPT)) await proveScript();
if (isWanted(FUZZ)) await proveCalls();
process.exitCode = problems === 0 ? 0 : 1;
