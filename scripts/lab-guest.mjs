// Runs programs on the lab kernel in this process, for proofs and tests: what `ringbench exec` gives them, but process 1 is protected as an init.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeArchive } from '../packages/archive/dist/index.js';
import { completeFiles, quoteWord } from '../packages/lab-kernel/dist/index.js';

export const WORKLOADS = fileURLToPath(new URL('../workloads', import.meta.url));
const KERNEL = join(WORKLOADS, 'kernel');
const STREAMS = 'raw framed stdin=/dev/null stdout=/dev/host-output stderr=/dev/host-error';
const MEMORY_BYTES = 32 << 20;

/** The kernel's image for the machine of a core (`CoreDefinition.port`). */
export function labKernel(port = 'pc') {
  const { image } = JSON.parse(readFileSync(join(KERNEL, port === 'pc' ? 'kernel.json' : `kernel-${port}.json`), 'utf8'));
  return readFileSync(join(KERNEL, image));
}

/** A program of workloads/FOLDER/ID with its manifest. */
export function labProgram(folder, id) {
  const manifest = JSON.parse(readFileSync(join(WORKLOADS, folder, id, 'program.json'), 'utf8'));
  return { id, manifest, bytes: readFileSync(join(WORKLOADS, folder, id, manifest.image)) };
}

export const executable = (path, bytes) => ({ kind: 'file', path, bytes, executable: true });

/** The guest that executes `words` with these files (entries of packages/archive; folders above them are added). */
export function labGuest(words, files, options = '') {
  const completed = completeFiles(files);
  if (!completed.ok) throw new Error(`${completed.path} is a file and a folder`);
  const [program, ...rest] = words.map((word) => quoteWord(word));
  const commandLine = [STREAMS, ...(options === '' ? [] : [options]), `init=${program}`, ...rest].join(' ');
  return { name: words[0], format: 'multiboot', bytes: labKernel(), commandLine, modules: [{ name: 'files', bytes: writeArchive(completed.files) }] };
}

/** Loads and runs a guest on a core, with the kernel of its machine; its two streams apart, as text of one character a byte. `disks`: bytes of each. */
export function runLabGuest(core, guest, { budget, memoryBytes = MEMORY_BYTES, disks } = {}) {
  const streams = { e9: [], uart: [] };
  const engine = core.create({ memoryBytes, onConsole: (byte, port) => streams[port]?.push(byte), ...(disks === undefined ? {} : { disks }) });
  const loaded = engine.load(core.port === undefined ? guest : { ...guest, bytes: labKernel(core.port) });
  if (!loaded.ok) throw new Error(`the lab kernel cannot be loaded: ${JSON.stringify(loaded)}`);
  const exit = engine.run(budget);
  const text = (bytes) => Buffer.from(bytes).toString('latin1');
  return { exit, retired: engine.retired, region: engine.region(), memory: engine.fingerprint().memory, stdout: text(streams.e9), stderr: text(streams.uart) };
}
