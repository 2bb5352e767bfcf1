// Types the same keys into the same program on a terminal of this Linux and on the terminal of the lab kernel. A session is a list of steps
// `{ keys, until }`: type `keys`, then wait until `until` has been shown since. What was shown comes back as text of one character a byte.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { completeFiles, quoteWord } from '../packages/lab-kernel/dist/index.js';
import { writeArchive } from '../packages/archive/dist/index.js';
import { WORKLOADS, labKernel } from './lab-guest.mjs';

const ROWS = 24;
const COLUMNS = 80;
const STEP_MS = 20_000;
/** What follows a text at once, such as that a job gets the terminal, has happened this much later. */
const SETTLE_MS = 150;
const SETTLE_INSTRUCTIONS = 500_000;
/** Instructions between two looks at what the guest shows, and those after which it will show nothing more. */
const SLICE = 50_000;
const STEP_INSTRUCTIONS = 4_000_000_000;

const sessionFile = (id) => join(WORKLOADS, 'proofs', id, 'session.json');
/** Whether a proof is driven by keys. */
export const hasSession = (id) => existsSync(sessionFile(id));
/** `{ words, environment, status, steps }`: arguments, all of the environment, how it ends. */
export const readSession = (id) => JSON.parse(readFileSync(sessionFile(id), 'utf8'));

/** Why there can be no session on this host, or undefined. */
export function whyNoTerminal() {
  return spawnSync('script', ['--version'], { stdio: 'ignore' }).error === undefined ? undefined : 'there is no script (util-linux) to make a terminal';
}

class Stuck extends Error {
  constructor({ keys, until }, shown, seen) {
    super(`${JSON.stringify(until)} was not shown behind the keys ${JSON.stringify(keys)} but ${JSON.stringify(shown.slice(seen))}`);
    this.shown = shown;
  }
}

const settingsOf = (environment) => Object.entries(environment).map(([name, value]) => `${name}=${value}`);

/**
 * On this host; `environment` is all that the program finds. `raw`: the program is the terminal's line discipline itself. Rejects when a step takes too long.
 */
export async function sessionOnHost(words, environment, steps, { raw = false } = {}) {
  const command = `stty ${raw ? 'raw -echo ' : ''}rows ${ROWS} columns ${COLUMNS}; exec env -i ${[...settingsOf(environment), ...words].map(quoteWord).join(' ')}`;
  const child = spawn('script', ['-qec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
  let [shown, seen] = ['', 0];
  let look = () => undefined;
  child.stdout.setEncoding('latin1').on('data', (text) => {
    shown += text;
    look();
  });
  const closed = new Promise((resolve) => child.on('close', resolve));
  try {
    for (const step of steps) {
      seen = shown.length;
      child.stdin.write(Buffer.from(step.keys, 'latin1'));
      await new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Stuck(step, shown, seen)), STEP_MS);
        look = () => {
          if (!shown.slice(seen).includes(step.until)) return;
          clearTimeout(timer);
          setTimeout(resolve, SETTLE_MS);
        };
        look();
      });
    }
    await closed;
  } finally {
    child.kill('SIGKILL');
  }
  return { shown, status: child.exitCode };
}

/** The guest whose terminal is the serial line, as `ringbench exec` connects it. */
export function sessionGuest(words, environment, files) {
  const completed = completeFiles(files);
  if (!completed.ok) throw new Error(`${completed.path} is a file and a folder`);
  const settings = settingsOf(environment).map((setting) => quoteWord(`env=${setting}`));
  const [program, ...rest] = words.map(quoteWord);
  const commandLine = ['mortal', ...settings, `init=${program}`, ...rest].join(' ');
  return { name: words[0], format: 'multiboot', bytes: labKernel(), commandLine, modules: [{ name: 'files', bytes: writeArchive(completed.files) }] };
}

/** Runs until `isOver` says so, and a little longer for what follows from it; or until the machine stops: then its exit. */
function advance(engine, isOver) {
  let limit = engine.retired + STEP_INSTRUCTIONS;
  for (let over = false; engine.retired < limit; ) {
    const exit = engine.run(SLICE);
    if (exit.kind !== 'budget') return exit;
    if (over || !isOver()) continue;
    over = true;
    limit = engine.retired + SETTLE_INSTRUCTIONS;
  }
  return isOver() ? undefined : { kind: 'budget' };
}

/** In a guest on a core. Where keys are typed depends on retired instructions alone. */
export function sessionInGuest(core, guest, steps, memoryBytes) {
  let shown = '';
  const engine = core.create({ memoryBytes, onConsole: (byte) => (shown += String.fromCharCode(byte)) });
  const loaded = engine.load(core.port === undefined ? guest : { ...guest, bytes: labKernel(core.port) });
  if (!loaded.ok) throw new Error(`the lab kernel cannot be loaded: ${JSON.stringify(loaded)}`);
  for (const step of steps) {
    const seen = shown.length;
    const keys = [...Buffer.from(step.keys, 'latin1')];
    const exit = advance(engine, () => {
      while (keys.length > 0 && engine.receive(keys[0])) keys.shift();
      return keys.length === 0 && shown.slice(seen).includes(step.until);
    });
    if (exit !== undefined && exit.kind !== 'power-off') throw new Stuck(step, shown, seen);
    if (exit !== undefined) return { exit, retired: engine.retired, shown };
  }
  return { exit: advance(engine, () => false), retired: engine.retired, shown };
}
