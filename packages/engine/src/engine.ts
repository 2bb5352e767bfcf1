/** Why a run of a guest ended or paused. A guest's misbehaviour is one of these, never an exception. */
export type Exit =
  /** The guest wrote its status to the debug-exit port or powered the machine off. */
  | { readonly kind: 'power-off'; readonly status: number }
  /** The instruction budget is spent; the engine may be run again. */
  | { readonly kind: 'budget' }
  /** `pause` was called; the engine may be run again. */
  | { readonly kind: 'paused' }
  /** HLT with nothing left that could wake the processor. */
  | { readonly kind: 'halted' }
  /** Triple fault. */
  | { readonly kind: 'shutdown'; readonly eip: number; readonly detail: string }
  /** The technique refuses or cannot do what the guest asks; the reason is shown to the user. */
  | { readonly kind: 'refused'; readonly reason: string };

/** Event counts by name; absent means zero. Exact integers, the same on every host. */
export type EventCounts = Readonly<Record<string, number>>;

/** What the guest marked with writes to the marker port: 1 starts the measured region, 2 ends it. */
export interface Region {
  readonly counts: EventCounts;
  /** Host time between the markers in milliseconds. */
  readonly milliseconds: number;
}

/** A guest image: bytes and how they are to be booted. Identical on every core. */
export type GuestImage = MultibootImage | LinuxImage;

interface ImageBytes {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Handed to the guest as the boot protocol's command line, for example `scale=1000`. */
  readonly commandLine?: string;
}
/** A Multiboot 1 kernel (Multiboot Specification 0.6.96). */
export interface MultibootImage extends ImageBytes {
  readonly format: 'multiboot';
}
/** A Linux bzImage with an optional initial RAM disk. */
export interface LinuxImage extends ImageBytes {
  readonly format: 'linux';
  readonly initrd?: Uint8Array;
}

export interface EngineOptions {
  /** Guest physical memory in bytes, a multiple of 4096. */
  readonly memoryBytes: number;
  /** Called with each byte that the guest writes to its console (COM1 or port E9). */
  readonly onConsole?: (byte: number) => void;
  /** Host clock in milliseconds, for Region.milliseconds. The default never advances, so that a run without one is deterministic throughout. */
  readonly hostClock?: () => number;
  /** Settings of the technique, by name; each core documents its own. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
}

/** One virtualized (or real) machine with a guest in it. */
export interface Engine {
  /** Puts a guest in memory and the processor at its entry. A malformed image is a value. */
  load(image: GuestImage): LoadResult;
  /** Runs at most `budget` guest instructions (idle time does not count). */
  run(budget: number): Exit;
  /** Ends the run behind the instruction that is being executed; for `onConsole`. */
  pause(): void;
  /** A byte arrives at the guest's serial console; false when its receiver has no space for it. */
  receive(byte: number): boolean;
  /** Guest instructions retired since load. */
  readonly retired: number;
  /** Counts since load. */
  counts(): EventCounts;
  /** The last completed measured region, if the guest marked one. */
  region(): Region | undefined;
  /** Guest-visible final state for the equivalence check: registers and a digest of guest memory. */
  fingerprint(): Fingerprint;
}

export type LoadResult = { readonly ok: true } | { readonly ok: false; readonly problem: string };

export interface Fingerprint {
  readonly registers: readonly number[];
  readonly eip: number;
  readonly eflags: number;
  /** Hex digest of all guest physical memory. */
  readonly memory: string;
}

/** What a core package exports: everything that the rest of the project knows about a technique. */
export interface CoreDefinition {
  readonly id: string;
  readonly title: string;
  /** The system that stands for the technique in the source slides. */
  readonly exemplar: string;
  /** One sentence: how the guest gets executed. */
  readonly mechanism: string;
  /** What executes the instructions that run directly; absent means `interpreter`. While all cores share one, wall-clock times say nothing about techniques. */
  readonly executor?: 'interpreter' | 'translator';
  /** Events that this core adds to the silicon's. */
  readonly events: readonly { readonly name: string; readonly meaning: string }[];
  create(options: EngineOptions): Engine;
}
