import type { CoreDefinition, EngineOptions, EventCounts, Exit, Fingerprint, Region } from '../engine.js';
import { MemoryPool } from '@ringbench/machine';
import { digestMemory } from '../digest.js';
import { GUEST_MEMORY_BYTES } from './memory-map.js';

/** Everything that a run shows. */
export interface GuestRun {
  readonly exit: Exit;
  readonly console: Uint8Array;
  readonly retired: number;
  readonly counts: EventCounts;
  readonly region: Region | undefined;
  readonly fingerprint: Fingerprint;
}

export interface RunRequest {
  readonly image: Uint8Array;
  readonly memoryBytes?: number;
  readonly commandLine?: string;
  readonly budget?: number;
  readonly settings?: EngineOptions['settings'];
  /** Lengths of the slices in which the budget is given out; absent means all at once. */
  readonly slices?: () => number;
}

/** More than any guest of the suite needs; a defect ends here and not in a hang. */
export const DEFAULT_BUDGET = 5_000_000;

/** A guest of the suite runs a millisecond, and a new memory costs several. No engine outlives its run. */
const memories = new MemoryPool();

/** Runs an image in an engine of its own. Throws when it does not load: the suite's images are sound. */
export function runGuest(core: CoreDefinition, request: RunRequest): GuestRun {
  try {
    return runOnce(core, request);
  } finally {
    memories.reclaim();
  }
}

function runOnce(core: CoreDefinition, request: RunRequest): GuestRun {
  const console: number[] = [];
  const { image, memoryBytes = GUEST_MEMORY_BYTES, commandLine, settings, budget = DEFAULT_BUDGET, slices = () => budget } = request;
  const engine = core.create({ memories, memoryBytes, onConsole: (byte) => console.push(byte), ...(settings === undefined ? {} : { settings }) });
  const loaded = engine.load({ name: 'guest', format: 'multiboot', bytes: image, ...(commandLine === undefined ? {} : { commandLine }) });
  if (!loaded.ok) throw new Error(loaded.problem);
  let exit: Exit = { kind: 'budget' };
  while (exit.kind === 'budget' && engine.retired < budget) exit = engine.run(Math.min(slices(), budget - engine.retired));
  return { exit, console: Uint8Array.from(console), retired: engine.retired, counts: engine.counts(), region: engine.region(), fingerprint: engine.fingerprint() };
}

/** The little-endian words that a guest printed. */
export function consoleWords(console: Uint8Array): readonly number[] {
  const view = new DataView(console.buffer, console.byteOffset, console.byteLength);
  return Array.from({ length: Math.floor(console.length / 4) }, (_, index) => view.getUint32(index * 4, true));
}

export function consoleText(console: Uint8Array): string { return String.fromCharCode(...console); }

/** What is compared between cores and with the recorded value: instructions retired, and digests of registers and memory. */
export function summarize({ retired, fingerprint }: GuestRun): string {
  const { registers, eip, eflags, memory } = fingerprint;
  return `${retired} ${digestMemory(Int32Array.from([...registers, eip, eflags]))} ${memory}`;
}
