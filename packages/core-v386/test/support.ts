import { readFileSync } from 'node:fs';
import { DirectEngine, type Engine, type EngineOptions, type EventCounts, type Exit, type Fingerprint, type GuestImage } from '@ringbench/engine';
import { core } from '../src/index.js';

/** What an engine showed of one run. */
export interface Observation {
  readonly exit: Exit;
  readonly retired: number;
  readonly idle: number;
  readonly console: string;
  readonly fingerprint: Fingerprint;
  readonly counts: EventCounts;
  /** Counts of the region that the guest marked. */
  readonly region: EventCounts | undefined;
}

export const MEMORY_BYTES = 2 << 20;
const BUDGET = 20_000_000;

/** A test guest (test/images). */
export function testImage(name: string): GuestImage {
  return { name, format: 'multiboot', bytes: readFileSync(new URL(`images/${name}.bin`, import.meta.url)) };
}

const techniques = {
  native: (options: EngineOptions): Engine => new DirectEngine(options, (silicon) => silicon),
  v386: (options: EngineOptions): Engine => core.create(options),
} as const;
export type Technique = keyof typeof techniques;

/** A machine with the guest loaded, and what it writes to its console. */
export function start(technique: Technique, image: GuestImage, memoryBytes = MEMORY_BYTES): { readonly engine: Engine; readonly console: () => string } {
  let text = '';
  const engine = techniques[technique]({ memoryBytes, onConsole: (byte) => (text += String.fromCharCode(byte)) });
  const loaded = engine.load(image);
  if (!loaded.ok) throw new Error(loaded.problem);
  return { engine, console: () => text };
}

export function observe(engine: Engine, exit: Exit, console: string): Observation {
  const counts = engine.counts();
  return { exit, retired: engine.retired, idle: counts.idle ?? 0, console, fingerprint: engine.fingerprint(), counts, region: engine.region()?.counts };
}

/** Runs a guest from its start, once. */
export function run(technique: Technique, image: GuestImage, options: { readonly budget?: number; readonly memoryBytes?: number } = {}): Observation {
  const { engine, console } = start(technique, image, options.memoryBytes);
  const exit = engine.run(options.budget ?? BUDGET);
  return observe(engine, exit, console());
}

/** What must be equal under every technique. */
export function guestVisible({ exit, retired, idle, console, fingerprint }: Observation): object {
  return { exit, retired, idle, console, fingerprint };
}

/** The counts that are not zero, of those with this prefix, without it. */
export function countsOf(counts: EventCounts, prefix: string): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).filter(([name]) => name.startsWith(prefix)).map(([name, count]) => [name.slice(prefix.length), count]));
}
