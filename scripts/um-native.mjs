// Runs guests of lab-guest.mjs on the lab kernel's port to a host process, as a process of this Linux (docs/user-mode.md).
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeArchive } from '../packages/archive/dist/index.js';
import { WORKLOADS, executable, labGuest, labProgram } from './lab-guest.mjs';
import { sessionOnHost } from './terminal-session.mjs';

const IMAGE = join(WORKLOADS, 'kernel', 'image-um.elf');
const DEADLINE_MS = 300_000;
const OUTPUT_BYTES = 64 << 20;
const STATUS_NO_INIT = 127;
/** The kernel's words for a host that lacks something follow on standard error. */
export const STATUS_REFUSED = 2;
const LEAST_MEMORY_BYTES = 16 << 20;

/** What Linux offers, with the words that ask for it. `skas3` needs a changed host. */
export const ARRANGEMENTS = { 'skas0': [], 'skas0-no-sysemu': ['sysemu=off'], 'tt': ['arrangement=tt'] };

/** Calls `action` with the words that start a guest, without the image's name; the files that they name exist meanwhile. */
async function withWords(machine, guest, options, action) {
  const folder = mkdtempSync(join(tmpdir(), 'ringbench-um-'));
  try {
    return await action(wordsIn(folder, machine, guest, options));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function wordsIn(folder, { words }, guest, { memoryBytes, disks = [] }) {
  const [archive, disk] = ['archive.cpio', 'disk'].map((name) => join(folder, name));
  writeFileSync(archive, guest.modules[0].bytes);
  if (disks.length > 0) writeFileSync(disk, disks[0]);
  return [...words, `mem=${memoryBytes}`, `archive=${archive}`, ...(disks.length > 0 ? [`disk=${disk}`] : []), `command=${guest.commandLine}`];
}

const exitOf = ({ status, signal, error }) => (error === undefined && signal === null ? { kind: 'power-off', status } : { kind: 'killed', reason: signal ?? error.code });

/** `machine.words`: those of an arrangement and the like. `disks`: bytes of each, of which there may be one. Streams are text of one character a byte. */
export function runOnHost(machine, guest, options) {
  return withWords(machine, guest, options, (words) => {
    const outcome = spawnSync(IMAGE, words, { encoding: 'latin1', timeout: DEADLINE_MS, maxBuffer: OUTPUT_BYTES, stdio: ['ignore', 'pipe', 'pipe'] });
    return { exit: exitOf(outcome), stdout: outcome.stdout, stderr: outcome.stderr };
  });
}

/** As sessionInGuest of terminal-session.mjs; the terminal is a pseudo-terminal of the host's. */
export function sessionOnPort(machine, guest, steps, memoryBytes) {
  return withWords(machine, guest, { memoryBytes }, async (words) => {
    const { shown, status } = await sessionOnHost([IMAGE, ...words], {}, steps, { raw: true });
    return { exit: { kind: 'power-off', status }, shown };
  });
}

/** A program that runs for some milliseconds. */
const PROBE = 'sort';

/** Why the image cannot run here, or undefined. What it does wrong is no reason: that is for tests to find. */
export async function whyNotOnHost() {
  if (process.platform !== 'linux') return `not Linux but ${process.platform}`;
  const options = { memoryBytes: LEAST_MEMORY_BYTES };
  const start = await runOnHost({ words: [] }, { commandLine: 'raw', modules: [{ bytes: writeArchive([]) }] }, options);
  if (start.exit.kind === 'killed') return `this host does not run i386 programs (${start.exit.reason})`;
  if (start.exit.status !== STATUS_NO_INIT) return `status ${start.exit.status}: ${start.stderr.trim()}`;
  const { exit, stderr } = await runOnHost({ words: [] }, labGuest([`/bin/${PROBE}`, '1'], [executable(`bin/${PROBE}`, labProgram('user', PROBE).bytes)]), options);
  return exit.status === STATUS_REFUSED && stderr.startsWith('um: ') ? stderr.trim() : undefined;
}
