import { test } from 'vitest';
import type { CoreDefinition, Engine, EngineOptions } from '../engine.js';
import { GUEST_MEMORY_BYTES } from './memory-map.js';
import { runGuest, type GuestRun, type RunRequest } from './run-guest.js';

/** A guest image of the project's, as the caller read it. */
export interface ConformanceWorkload {
  readonly id: string;
  readonly bytes: Uint8Array;
  /** A scale small enough for a test, and the checksum that its hosted twin computes at it. */
  readonly scale: number;
  readonly checksum: string;
}

/** A check that a core fails on purpose. */
export interface Deviation {
  /** Why the technique cannot or shall not do what the manual says; shown with the check. */
  readonly reason: string;
  /** What a guest of the catalogue logs instead. Without it the check must fail: a deviation that has gone is an error too. */
  readonly log?: readonly number[];
}

export interface ConformanceOptions {
  /** Settings for every engine made. */
  readonly settings?: EngineOptions['settings'];
  /** Deliberate deviations, by the name of the check. */
  readonly deviations?: Readonly<Record<string, Deviation>>;
  /** Images to run; engine has no file access of its own. */
  readonly workloads?: readonly ConformanceWorkload[];
  /** A core that runs every guest beside the one under test; absent means the recorded fingerprints. */
  readonly reference?: CoreDefinition;
  /** Registers only each so-manieth check, for a core whose whole suite runs elsewhere; default 1. */
  readonly every?: number;
  /** Runs every guest of the catalogue both whole and in slices and compares all that the two show; otherwise one guest in four, the others one way or the other. */
  readonly thorough?: boolean;
}

/** The core under test with its options, and the registration of checks. */
export class Subject {
  private readonly names = new Set<string>();

  constructor(readonly core: CoreDefinition, readonly options: ConformanceOptions) {}

  deviation(name: string): Deviation | undefined { return this.options.deviations?.[name]; }

  /** Registers a check as a test. One with a deviation that names no other result must fail. */
  check(name: string, body: () => void): void {
    if (this.names.has(name)) throw new Error(`two checks are called ${name}`);
    const number = this.names.size;
    this.names.add(name);
    if (number % (this.options.every ?? 1) !== 0) return;
    const deviation = this.deviation(name);
    if (deviation === undefined) test(name, body);
    else if (deviation.log === undefined) test.fails(`${name} (deviates: ${deviation.reason})`, body);
    else test(`${name} (deviates: ${deviation.reason})`, body);
  }
  /** Deviations that name no check: they would excuse nothing. */
  unknownDeviations(): readonly string[] { return Object.keys(this.options.deviations ?? {}).filter((name) => !this.names.has(name)); }

  run(request: RunRequest): GuestRun { return runGuest(this.core, { ...this.settings, ...request }); }

  /** An engine with a guest in it, for checks that run it themselves. */
  engineWith(image: Uint8Array, options: Partial<EngineOptions> = {}): Engine {
    const engine = this.create(options);
    const loaded = engine.load({ name: 'guest', format: 'multiboot', bytes: image });
    if (!loaded.ok) throw new Error(loaded.problem);
    return engine;
  }
  create(options: Partial<EngineOptions> = {}): Engine { return this.core.create({ memoryBytes: GUEST_MEMORY_BYTES, ...this.settings, ...options }); }

  private get settings(): Pick<EngineOptions, 'settings'> { return this.options.settings === undefined ? {} : { settings: this.options.settings }; }
}
