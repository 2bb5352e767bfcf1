// Runs the built guests on machines that are not ours, so that an expected checksum rests on more than one reading of
// the manual.
//
//   node scripts/verify-workloads.mjs [ID…]
//
// Peers: QEMU (TCG) where qemu-system-i386 is installed, v86 with and without its translator where the npm package is.
// An absent peer is skipped with a reason. Prints host milliseconds from the START line to the END line and, for v86,
// its own instruction counter between them; the counter is read at slice borders and overcounts on faults, so it is an
// estimate.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const WORKLOADS = fileURLToPath(new URL('../workloads', import.meta.url));
const MEMORY_MIB = 16;
const DEADLINE_MS = 120_000;
/** The guests write 0 to the exit port; QEMU's isa-debug-exit then ends with 2 * status + 1. */
const QEMU_SUCCESS = 1;
const V86_ROLE = '--v86-child';

function imagePath(id) {
  return join(WORKLOADS, id, 'image.elf');
}

/** Calls `onLine` for each line of the text pushed into it. */
function lineSplitter(onLine) {
  let line = '';
  return (text) => {
    const lines = (line + text).split('\n');
    line = lines.pop();
    for (const complete of lines) onLine(complete);
  };
}

function checksumOf(line) {
  return /^END sum=([0-9a-f]{8})$/.exec(line)?.[1];
}

/** One run of a child process whose standard output is the guest's console. */
function runChild(command, args) {
  return new Promise((resolve) => {
    const outcome = { checksum: undefined, milliseconds: NaN, note: '', status: undefined };
    let started = NaN;
    const push = lineSplitter((line) => {
      if (line === 'START') started = performance.now();
      else if (checksumOf(line) !== undefined) {
        outcome.checksum = checksumOf(line);
        outcome.milliseconds = performance.now() - started;
      } else {
        outcome.note += `${line} `;
      }
    });
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], timeout: DEADLINE_MS });
    child.stdout.setEncoding('latin1').on('data', push);
    child.on('close', (status) => resolve({ ...outcome, status }));
  });
}

function qemu(id) {
  return runChild('qemu-system-i386', [
    '-accel', 'tcg,thread=single', '-m', String(MEMORY_MIB), '-display', 'none', '-serial', 'stdio', '-no-reboot',
    '-device', 'isa-debug-exit,iobase=0xf4', '-kernel', imagePath(id),
  ]);
}

function v86(id, translator) {
  const mode = translator ? 'translator' : 'interpreter';
  return runChild(process.execPath, [fileURLToPath(import.meta.url), V86_ROLE, id, mode]);
}

function v86Build() {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('v86/package.json')), 'build');
  } catch {
    return undefined;
  }
}

/**
 * In a process of its own. v86 takes the guest's write to the exit port as the end of a test: it reports the status and
 * throws 'HALT'.
 */
async function v86Child(id, mode) {
  const { V86 } = await import(join(v86Build(), 'libv86.mjs'));
  const image = readFileSync(imagePath(id));
  const emulator = new V86({
    wasm_path: join(v86Build(), 'v86.wasm'),
    memory_size: MEMORY_MIB << 20,
    multiboot: { buffer: image.buffer.slice(image.byteOffset, image.byteOffset + image.byteLength) },
    disable_jit: mode === 'interpreter',
    autostart: true,
  });
  let before = 0;
  const push = lineSplitter((line) => {
    if (line === 'START') before = emulator.get_instruction_counter();
    process.stdout.write(`${line}\n`);
    if (checksumOf(line) === undefined) return;
    process.stdout.write(`${emulator.get_instruction_counter() - before} instructions\n`);
  });
  emulator.add_listener('serial0-output-byte', (byte) => push(String.fromCharCode(byte)));
  process.on('uncaughtException', (error) => {
    if (error !== 'HALT') console.error(error);
    process.exit(error === 'HALT' ? 0 : 1);
  });
}

function peers() {
  const hasQemu = spawnSync('qemu-system-i386', ['--version']).status === 0;
  const hasV86 = v86Build() !== undefined;
  return [
    { name: 'qemu', run: hasQemu ? qemu : undefined, success: QEMU_SUCCESS, missing: 'no qemu-system-i386' },
    { name: 'v86', run: hasV86 ? (id) => v86(id, true) : undefined, success: 0, missing: 'no npm package v86' },
    { name: 'v86 -jit', run: hasV86 ? (id) => v86(id, false) : undefined, success: 0, missing: 'no npm package v86' },
  ];
}

async function verify(id, peer) {
  if (peer.run === undefined) return `skipped: ${peer.missing}`;
  const expected = JSON.parse(readFileSync(join(WORKLOADS, id, 'workload.json'), 'utf8')).checksum;
  const outcome = await peer.run(id);
  if (outcome.checksum === expected && outcome.status === peer.success) {
    return `sum=${outcome.checksum} ${outcome.milliseconds.toFixed(1).padStart(8)} ms  ${outcome.note}`;
  }
  process.exitCode = 1;
  const { checksum = 'no END line', status, note } = outcome;
  return `FAILED: expected ${expected}, got ${checksum}, exit status ${status} ${note}`;
}

async function main(ids) {
  const known = readdirSync(WORKLOADS).filter((id) => existsSync(join(WORKLOADS, id, 'workload.json')));
  for (const id of ids.length > 0 ? ids : known) {
    for (const peer of peers()) console.log(`${id.padEnd(16)} ${peer.name.padEnd(9)} ${await verify(id, peer)}`);
  }
}

const [role, ...rest] = process.argv.slice(2);
if (role === V86_ROLE) await v86Child(rest[0], rest[1]);
else await main(process.argv.slice(2));
