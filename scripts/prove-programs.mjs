// Runs the programs of workloads/user/ on Debian's i386 kernel, which nobody here wrote, under every core: each must print its recorded output, and the
// cores must have retired the same number of instructions. What needs privileges that a host does not give, such as ports, is checked here, too.
//
//   node scripts/prove-programs.mjs [--core a,b] [ID…]
//
// Exit code 1 when anything differs, 0 and a reason where Debian's packages cannot be had. Some minutes a core. The files stay in .cache/debian.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { writeArchive } from '../packages/archive/dist/index.js';
import { chosenCores } from './cores.mjs';
import { CACHE, fetchGuests, obtain } from './debian/packages.mjs';

const RINGBENCH = fileURLToPath(new URL('../packages/cli/dist/main.js', import.meta.url));
const PROGRAMS = fileURLToPath(new URL('../workloads/user', import.meta.url));
const COMMAND_LINE = 'console=ttyS0 quiet panic=-1 nokaslr rdinit=/init';
const MEMORY = '128M';
const DEADLINE_MS = 1_200_000;
const LAST_LINE = 'PROGRAMS ENDED';

const { values, positionals } = parseArgs({ options: { core: { type: 'string' } }, allowPositionals: true });
const say = (text) => process.stderr.write(`prove-programs: ${text}\n`);

function readPrograms() {
  return readdirSync(PROGRAMS)
    .filter((id) => existsSync(join(PROGRAMS, id, 'program.json')) && (positionals.length === 0 || positionals.includes(id)))
    .map((id) => {
      const manifest = JSON.parse(readFileSync(join(PROGRAMS, id, 'program.json'), 'utf8'));
      return { id, manifest, image: readFileSync(join(PROGRAMS, id, manifest.image)) };
    });
}

/** Runs one program after the other, each between two lines that say which and how it ended. */
function initScript(programs) {
  const runs = programs.map(({ id, manifest: { scale, nativeArguments = [] } }) =>
    `echo PROGRAM ${id}\n/user/${id} ${[scale.default, ...nativeArguments].join(' ')}\necho STATUS $?\n`);
  return `#!/bin/busybox sh\n${runs.join('')}echo ${LAST_LINE}\nwhile true; do /bin/busybox sleep 1000; done\n`;
}

function buildInitramfs(busybox, programs) {
  const device = (path, major, minor) => ({ kind: 'device', path, major, minor });
  const executable = (path, bytes) => ({ kind: 'file', path, bytes, executable: true });
  return gzipSync(writeArchive([
    ...['bin', 'dev', 'tmp', 'user'].map((path) => ({ kind: 'directory', path })),
    device('dev/console', 5, 1), device('dev/null', 1, 3), device('dev/zero', 1, 5),
    executable('bin/busybox', busybox),
    executable('init', new TextEncoder().encode(initScript(programs))),
    ...programs.map(({ id, image }) => executable(`user/${id}`, image)),
  ]));
}

/** Boots until the last line; the console's text and the machine's count of instructions. */
function boot(core, kernel, initrd) {
  const child = spawn(process.execPath, [
    RINGBENCH, 'boot', '--core', core, '--memory', MEMORY, '--kernel', kernel, '--initrd', initrd, '--append', COMMAND_LINE, '--json',
    '--until', LAST_LINE,
  ], { stdio: ['ignore', 'pipe', 'pipe'], timeout: DEADLINE_MS });
  return new Promise((resolve, reject) => {
    let [summary, text] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (part) => (summary += part));
    // With --json the guest's console goes to stderr.
    child.stderr.setEncoding('latin1').on('data', (part) => (text += part));
    child.on('error', reject);
    child.on('close', (code) => {
      if (summary === '') reject(new Error(`${core}: boot ended with code ${code} and without a summary: ${text.slice(-300)}`));
      else resolve({ core, text: text.replaceAll('\r\n', '\n'), retired: JSON.parse(summary).retired });
    });
  });
}

/** Programs that did not print what is recorded, or did not end with status 0. */
function problemsOf({ core, text }, programs) {
  return programs.flatMap(({ id, manifest }) => {
    const printed = text.split(`PROGRAM ${id}\n`)[1]?.split('PROGRAM')[0] ?? '(it was not reached)';
    return printed.startsWith(`${manifest.expected.stdout}STATUS 0\n`) ? [] : [`${core}: ${id} printed ${JSON.stringify(printed.slice(0, 300))}`];
  });
}

async function main() {
  const { guests, reason } = obtain(() => fetchGuests(say));
  if (guests === undefined) return say(`skipped: ${reason}`);
  if (!existsSync(RINGBENCH)) throw new Error('packages/cli is not built; run npx tsc -b');
  const programs = readPrograms();
  const initrd = join(CACHE, 'programs.gz');
  writeFileSync(initrd, buildInitramfs(guests.busybox.bytes, programs));
  const problems = [];
  const counts = new Map();
  for (const core of chosenCores(values.core)) {
    say(`${core}: ${programs.length} programs on ${guests.kernel.package}`);
    const outcome = await boot(core, guests.kernel.path, initrd);
    const found = problemsOf(outcome, programs);
    counts.set(core, outcome.retired);
    process.stdout.write(`${core.padEnd(10)} ${programs.length - found.length} of ${programs.length} as recorded, ${outcome.retired} instructions\n`);
    problems.push(...found);
  }
  if (new Set(counts.values()).size > 1) problems.push('the cores retired different numbers of instructions');
  for (const problem of problems) say(problem);
  process.exitCode = problems.length === 0 ? 0 : 1;
}

await main();
