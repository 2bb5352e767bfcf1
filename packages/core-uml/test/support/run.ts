import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MemoryPool, type EngineOptions, type EventCounts, type Exit, type Fingerprint, type MultibootImage } from '@ringbench/engine';
import { blankDisk, labImage } from '@ringbench/lab-kernel';
import { core } from '../../src/index.js';

const WORKLOADS = join(import.meta.dirname, '../../../../workloads');
const MEMORY_BYTES = 16 << 20;
const BUDGET = 200_000_000;

export type Settings = Readonly<Record<string, string>>;
interface Manifest {
  readonly image: string;
  readonly expected: { readonly stdout: string };
  readonly scale: { readonly default: number };
}
export interface Outcome {
  readonly exit: Exit;
  readonly retired: number;
  readonly counts: EventCounts;
  readonly fingerprint: Fingerprint;
  readonly neighbourChanges: readonly number[] | undefined;
  readonly output: string;
  /** What the kernel and the host said. */
  readonly said: string;
  readonly region: EventCounts;
}

export const manifestOf = (id: string): Manifest => JSON.parse(readFileSync(join(WORKLOADS, 'user', id, 'program.json'), 'utf8')) as Manifest;
export const kernelImage = (port = '-um'): Uint8Array => readFileSync(join(WORKLOADS, `kernel/image${port}.elf`));

/** Machines are made one after the other, from the same memory. */
const memories = new MemoryPool();

/** How a run differs from one at once in a machine without neighbours. */
export interface RunOptions extends Partial<EngineOptions> {
  /** Instructions at a time. */
  readonly step?: number;
}

function imageOf(id: string, bytes: Uint8Array, words: readonly string[]): MultibootImage {
  const files = [{ kind: 'file', path: `bin/${id}`, bytes, executable: true }] as const;
  const guest = labImage(kernelImage(), { name: id, path: `/bin/${id}`, arguments: words, environment: [], connection: { kind: 'streams', input: 'empty' }, verbose: false, files });
  if (!guest.ok) throw new Error(guest.problem);
  return guest.image;
}

/** Runs a static i386 program on the lab kernel's port, under the core, to its end or to the end of the budget. */
export function runBytes(id: string, bytes: Uint8Array, words: readonly string[], settings: Settings = {}, { step = BUDGET, ...options }: RunOptions = {}): Outcome {
  memories.reclaim();
  let [output, said] = ['', ''];
  const engine = core.create({
    memoryBytes: MEMORY_BYTES, disks: [blankDisk()], settings, memories,
    onConsole: (byte, source) => {
      if (source === 'e9') output += String.fromCharCode(byte);
      else said += String.fromCharCode(byte);
    },
    ...options,
  });
  const loaded = engine.load(imageOf(id, bytes, words));
  if (!loaded.ok) throw new Error(loaded.problem);
  let exit = engine.run(step);
  while (exit.kind === 'budget' && engine.retired < BUDGET) exit = engine.run(step);
  return {
    exit, output, said, region: engine.region()?.counts ?? {}, retired: engine.retired, counts: engine.counts(), fingerprint: engine.fingerprint(), neighbourChanges: engine.neighbourChanges?.(),
  };
}

/** The same for a program of workloads/user. */
export function runProgram(id: string, { scale, settings = {}, ...options }: { readonly scale?: number; readonly settings?: Settings } & RunOptions = {}): Outcome {
  const manifest = manifestOf(id);
  return runBytes(id, readFileSync(join(WORKLOADS, 'user', id, manifest.image)), [String(scale ?? manifest.scale.default)], settings, options);
}
