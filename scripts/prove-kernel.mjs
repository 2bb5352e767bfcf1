// Proves the lab kernel under the cores, all of them unless told: the programs of workloads/user and workloads/proofs print what is recorded, a shell script of BusyBox's prints
// what the same binary prints on this Linux, terminals show the same for the same keys as on this Linux (session.json), and the cores retire the same
// number of instructions for each. Then a fuzzer makes system calls on the first core, and the kernel must be alive at the end.
//
//   node scripts/prove-kernel.mjs [--core a,b] [--calls N] [--seed N] [ID…]
//
// Exit code 1 when anything differs. With IDs only those programs. Without Debian's packages the script is skipped, and says why. Some minutes.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { blankDisk } from '../packages/lab-kernel/dist/index.js';
import { chosenCores, loadCore } from './cores.mjs';
import { fetchBusybox, obtain } from './debian/packages.mjs';
import { WORKLOADS, executable, labGuest, labProgram, runLabGuest } from './lab-guest.mjs';
import { hasSession, readSession, sessionGuest, sessionInGuest, sessionOnHost, whyNoTerminal } from './terminal-session.mjs';

const BUDGET = 100_000_000_000;
const PROGRAM_MEMORY_BYTES = 64 << 20;
const FUZZ = 'call-fuzz';
/** With this status a program says that its machine lacks what it measures (workloads/user/README.md); a ported one may. */
const STATUS_SKIP = 77;
const SCRIPT = 'ash-script';
const SHELL_SESSION = 'ash-session';

const { values, positionals } = parseArgs({
  options: { core: { type: 'string' }, calls: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '1' } }, allowPositionals: true,
});
const cores = chosenCores(values.core);
const say = (text) => process.stderr.write(`prove-kernel: ${text}\n`);
const isWanted = (id) => positionals.length === 0 || positionals.includes(id);
let problems = 0;

function report(id, core, outcome, difference) {
  if (difference !== undefined) problems++;
  process.stdout.write(`${id.padEnd(24)} ${core.padEnd(10)} ${String(outcome.retired).padStart(11)} instructions  ${difference === undefined ? 'same' : `DIFFERS: ${difference}`}\n`);
}

/** Runs a guest on every core by `runOn(core)`; `judge(outcome)` says what is wrong with the first, to which the others are compared. */
async function prove(id, runOn, judge) {
  let first;
  for (const name of cores) {
    const core = await loadCore(name);
    const outcome = runOn(core);
    first ??= outcome;
    // A ported kernel takes another number of instructions.
    const compared = core.port === undefined ? ['retired', 'stdout', 'stderr', 'shown'] : ['stdout', 'stderr', 'shown'];
    const refuses = core.port !== undefined && outcome.exit.status === STATUS_SKIP;
    const matches = refuses || compared.every((what) => outcome[what] === first[what]);
    report(id, name, outcome, outcome === first ? judge(outcome) : matches ? undefined : `not as on ${cores[0]}, which retired ${first.retired}`);
  }
}

/** A run without keys. */
const runOf = (guest, options) => (core) => runLabGuest(core, guest, { budget: BUDGET, ...options });

const isClean = ({ exit }) => exit.kind === 'power-off' && exit.status === 0;

async function proveProgram(folder, id) {
  const { bytes, manifest } = labProgram(folder, id);
  const path = `/bin/${id}`;
  if (hasSession(id)) {
    const session = readSession(id);
    const expected = { shown: manifest.expected.stdout, status: session.status };
    return proveSession(id, sessionGuest([path, ...session.words], session.environment, [executable(path.slice(1), bytes)]), session, expected);
  }
  const options = { memoryBytes: PROGRAM_MEMORY_BYTES, ...(manifest.needs?.includes('block-device') === true ? { disks: [blankDisk()] } : {}) };
  await prove(id, runOf(labGuest([path, String(manifest.scale.default)], [executable(path.slice(1), bytes)]), options), (outcome) => {
    if (!isClean(outcome)) return `${JSON.stringify(outcome.exit)} ${outcome.stderr.slice(-200)}`;
    return outcome.stdout === manifest.expected.stdout ? undefined : JSON.stringify(outcome.stdout.slice(-200));
  });
}

const appletsOf = (busybox) => execFileSync(busybox, ['--list'], { encoding: 'utf8' }).trim().split('\n').filter((name) => name !== 'busybox');

/** Calls `action` with two folders on this Linux that are then removed: one of the applets' names, one to work in. */
async function withApplets({ path, applets }, action) {
  const root = mkdtempSync(join(tmpdir(), 'ringbench-ash-'));
  try {
    const [bin, work] = ['bin', 'work'].map((name) => join(root, name));
    for (const folder of [bin, work]) mkdirSync(folder);
    for (const name of applets) symlinkSync(path, join(bin, name));
    return await action({ bin, work });
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

/** Debian's BusyBox, the names of its applets, and the guest's files of both; undefined, and says so, where it cannot be had. */
function obtainBusybox(id) {
  const { guests, reason } = obtain(fetchBusybox);
  if (guests === undefined) return say(`${id} skipped: ${reason}`);
  const { path } = guests;
  const applets = appletsOf(path);
  return { path, applets, files: [executable('bin/busybox', readFileSync(path)), ...applets.map((name) => ({ kind: 'link', path: `bin/${name}`, target: 'busybox' }))] };
}

async function proveScript() {
  const busybox = obtainBusybox(SCRIPT);
  if (busybox === undefined) return;
  const script = join(WORKLOADS, 'proofs', SCRIPT, 'script.sh');
  const files = [...busybox.files, { kind: 'file', path: 'script.sh', bytes: readFileSync(script) }, { kind: 'directory', path: 'work' }];
  const expected = await withApplets(busybox, ({ bin, work }) =>
    execFileSync(busybox.path, ['ash', script, work, bin], { env: {}, encoding: 'latin1', stdio: ['ignore', 'pipe', 'ignore'] }));
  await prove(SCRIPT, runOf(labGuest(['/bin/busybox', 'ash', '/script.sh', '/work', '/bin'], files), { memoryBytes: PROGRAM_MEMORY_BYTES }),
    (outcome) => (isClean(outcome) ? difference(outcome.stdout, expected) : JSON.stringify(outcome.exit)));
}

/** Compares what the terminals show, and how the program ends. */
async function proveSession(id, guest, { steps, status }, expected) {
  await prove(id, (core) => sessionInGuest(core, guest, steps, PROGRAM_MEMORY_BYTES), ({ exit, shown }) => {
    const problem = difference(shown, expected.shown);
    const ends = exit.kind === 'power-off' && exit.status === status && expected.status === status;
    return problem ?? (ends ? undefined : `it ended with ${JSON.stringify(exit)}, under Linux with ${expected.status}`);
  });
}

async function proveShellSession() {
  const busybox = obtainBusybox(SHELL_SESSION);
  const reason = whyNoTerminal();
  if (reason !== undefined) say(`${SHELL_SESSION} skipped: ${reason}`);
  if (reason !== undefined || busybox === undefined) return;
  const session = readSession(SHELL_SESSION);
  const { words, environment, steps } = session;
  const expected = await withApplets(busybox, ({ bin }) => sessionOnHost([busybox.path, ...words], { ...environment, PATH: bin }, steps));
  await proveSession(SHELL_SESSION, sessionGuest(['/bin/busybox', ...words], { ...environment, PATH: '/bin' }, busybox.files), session, expected);
}

async function proveCalls() {
  const { bytes, manifest } = labProgram('proofs', FUZZ);
  const outcome = runLabGuest(await loadCore(cores[0]), labGuest([`/bin/${FUZZ}`, values.calls, values.seed], [executable(`bin/${FUZZ}`, bytes)]), { budget: BUDGET });
  process.stdout.write(outcome.stderr);
  report(`${FUZZ} seed ${values.seed}`, cores[0], outcome, isClean(outcome) && outcome.stdout === manifest.expected.stdout ? undefined : JSON.stringify(outcome.exit));
}

for (const folder of ['user', 'proofs']) {
  for (const id of readdirSync(join(WORKLOADS, folder))) {
    if (existsSync(join(WORKLOADS, folder, id, 'program.json')) && isWanted(id)) await proveProgram(folder, id);
  }
}
if (isWanted(SCRIPT)) await proveScript();
if (isWanted(SHELL_SESSION)) await proveShellSession();
if (isWanted(FUZZ)) await proveCalls();
process.exitCode = problems === 0 ? 0 : 1;
