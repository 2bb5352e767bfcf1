// What the lab kernel has to show, on whatever runs it: the programs of workloads/user and workloads/proofs print what is recorded, a shell script of
// BusyBox's prints what the same binary prints on this Linux, terminals show the same for the same keys as on this Linux (session.json).
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { blankDisk } from '../packages/lab-kernel/dist/index.js';
import { fetchBusybox, obtain } from './debian/packages.mjs';
import { WORKLOADS, executable, labGuest, labProgram } from './lab-guest.mjs';
import { hasSession, readSession, sessionGuest, sessionOnHost, whyNoTerminal } from './terminal-session.mjs';

const PROGRAM_MEMORY_BYTES = 64 << 20;
const SCRIPT = 'ash-script';
const SHELL_SESSION = 'ash-session';

export const isClean = ({ exit }) => exit.kind === 'power-off' && exit.status === 0;

/** How an outcome differs from what the program printed when it was recorded; undefined: not at all. */
export function judgeProgram(outcome, expected) {
  if (!isClean(outcome)) return `${JSON.stringify(outcome.exit)} ${outcome.stderr.slice(-200)}`;
  return outcome.stdout === expected ? undefined : JSON.stringify(outcome.stdout.slice(-200));
}

/** The first line that is not the same. */
function difference(here, there) {
  const [mine, theirs] = [here.split('\n'), there.split('\n')];
  const at = mine.findIndex((line, index) => line !== theirs[index]);
  return at < 0 && mine.length === theirs.length ? undefined : `line ${at + 1}: Linux has ${JSON.stringify(theirs[at])}, the lab kernel ${JSON.stringify(mine[at])}`;
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

/** Debian's BusyBox, the names of its applets, and the guest's files of both; undefined, and says so, where it cannot be had. */
function obtainBusybox(id, say) {
  const { guests, reason } = obtain(fetchBusybox);
  if (guests === undefined) return say(`${id} skipped: ${reason}`);
  const { path } = guests;
  const applets = appletsOf(path);
  return { path, applets, files: [executable('bin/busybox', readFileSync(path)), ...applets.map((name) => ({ kind: 'link', path: `bin/${name}`, target: 'busybox' }))] };
}

/** Compares what the terminals show, and how the program ends. */
function proveSession({ prove, session }, id, guest, { steps, status }, expected) {
  return prove(id, (machine) => session(machine, guest, steps, PROGRAM_MEMORY_BYTES), ({ exit, shown }) => {
    const problem = difference(shown, expected.shown);
    const ends = exit.kind === 'power-off' && exit.status === status && expected.status === status;
    return problem ?? (ends ? undefined : `it ended with ${JSON.stringify(exit)}, under Linux with ${expected.status}`);
  });
}

function proveProgram(prover, folder, id) {
  const { bytes, manifest } = labProgram(folder, id);
  const path = `/bin/${id}`;
  if (hasSession(id)) {
    const session = readSession(id);
    const expected = { shown: manifest.expected.stdout, status: session.status };
    return proveSession(prover, id, sessionGuest([path, ...session.words], session.environment, [executable(path.slice(1), bytes)]), session, expected);
  }
  const options = { memoryBytes: PROGRAM_MEMORY_BYTES, ...(manifest.needs?.includes('block-device') === true ? { disks: [blankDisk()] } : {}) };
  const guest = labGuest([path, String(manifest.scale.default)], [executable(path.slice(1), bytes)]);
  return prover.prove(id, (machine) => prover.run(machine, guest, options), (outcome) => judgeProgram(outcome, manifest.expected.stdout));
}

async function proveScript({ prove, run, say }) {
  const busybox = obtainBusybox(SCRIPT, say);
  if (busybox === undefined) return;
  const script = join(WORKLOADS, 'proofs', SCRIPT, 'script.sh');
  const files = [...busybox.files, { kind: 'file', path: 'script.sh', bytes: readFileSync(script) }, { kind: 'directory', path: 'work' }];
  const expected = await withApplets(busybox, ({ bin, work }) =>
    execFileSync(busybox.path, ['ash', script, work, bin], { env: {}, encoding: 'latin1', stdio: ['ignore', 'pipe', 'ignore'] }));
  const guest = labGuest(['/bin/busybox', 'ash', '/script.sh', '/work', '/bin'], files);
  await prove(SCRIPT, (machine) => run(machine, guest, { memoryBytes: PROGRAM_MEMORY_BYTES }),
    (outcome) => (isClean(outcome) ? difference(outcome.stdout, expected) : JSON.stringify(outcome.exit)));
}

async function proveShellSession(prover) {
  const busybox = obtainBusybox(SHELL_SESSION, prover.say);
  const reason = whyNoTerminal();
  if (reason !== undefined) prover.say(`${SHELL_SESSION} skipped: ${reason}`);
  if (reason !== undefined || busybox === undefined) return;
  const session = readSession(SHELL_SESSION);
  const { words, environment, steps } = session;
  const expected = await withApplets(busybox, ({ bin }) => sessionOnHost([busybox.path, ...words], { ...environment, PATH: bin }, steps));
  await proveSession(prover, SHELL_SESSION, sessionGuest(['/bin/busybox', ...words], { ...environment, PATH: '/bin' }, busybox.files), session, expected);
}

/**
 * Proves what `isWanted(id)` names. The prover has `run(machine, guest, { memoryBytes, disks })` and `session(machine, guest, steps, memoryBytes)`, which run
 * a guest of lab-guest.mjs on a machine of its own kind, `prove(id, runOn, judge)`, which calls `runOn(machine)` for each of its machines and
 * `judge(outcome)`, and `say(text)`.
 */
export async function proveKernel(prover, isWanted) {
  for (const folder of ['user', 'proofs']) {
    for (const id of readdirSync(join(WORKLOADS, folder))) {
      if (existsSync(join(WORKLOADS, folder, id, 'program.json')) && isWanted(id)) await proveProgram(prover, folder, id);
    }
  }
  if (isWanted(SCRIPT)) await proveScript(prover);
  if (isWanted(SHELL_SESSION)) await proveShellSession(prover);
}
