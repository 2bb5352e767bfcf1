import type { CpuModelName, SiliconChange } from '@ringbench/isa';
import type { Digest } from './digest.js';
import type { BlockStore, ConsoleSource, MemoryPool } from '@ringbench/machine';

export type { CpuModelName } from '@ringbench/isa';
export type { BlockStore, ConsoleSource } from '@ringbench/machine';
export { MemoryPool } from '@ringbench/machine';

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
  /** The guest reset the machine (port 92h, keyboard controller) and its boot protocol has no firmware that would start it again. */
  | { readonly kind: 'reset' }
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
export type GuestImage = MultibootImage | LinuxImage | DiskImage | RomImage;

interface ImageBytes {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Handed to the guest as the boot protocol's command line, for example `scale=1000`. */
  readonly commandLine?: string;
}
/** A file that the loader puts beside a Multiboot kernel, such as an archive. */
export interface MultibootModule {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly commandLine?: string;
}
/** A Multiboot 1 kernel (Multiboot Specification 0.6.96). */
export interface MultibootImage extends ImageBytes {
  readonly format: 'multiboot';
  /** Placed on page borders at the end of memory, the first one last. */
  readonly modules?: readonly MultibootModule[];
}
/** A Linux bzImage with an optional initial RAM disk. */
export interface LinuxImage extends ImageBytes {
  readonly format: 'linux';
  readonly initrd?: Uint8Array;
}

/** A disk whose first sector is booted, with BIOS services (src/bios). The image is drive 80h and the machine's first ATA disk; it is never changed. */
export interface DiskImage {
  readonly name: string;
  readonly format: 'disk';
  readonly bytes: Uint8Array;
}
/** Other people's firmware: the processor starts at its reset vector, F000:FFF0. */
export interface RomImage {
  readonly name: string;
  readonly format: 'rom';
  readonly roms: readonly Rom[];
}
/** A ROM chip: a read-only window of guest physical memory. */
export interface Rom {
  readonly name: string;
  /** Whole pages; the end of the last one is filled up with ones, as of an erased chip. */
  readonly bytes: Uint8Array;
  /** Guest-physical address of its first byte, a multiple of 4096. A ROM that ends at 1 MB also appears below 4 GB. */
  readonly address: number;
}

export interface EngineOptions {
  /** Guest physical memory in bytes, a multiple of 4096. */
  readonly memoryBytes: number;
  /** Which processor the guest sees; default `i686`. */
  readonly cpu?: CpuModelName;
  /**
   * The machine's disks, at most two: primary master and slave. An image is never changed; a store may be another guest's too, and whether it changes is its own
   * and its layers' affair (src/io). For a `DiskImage` its bytes are the master and the first of these is the slave.
   */
  readonly disks?: readonly (Uint8Array | BlockStore)[];
  /** Called with each byte that the guest writes to a console: COM1 or port E9. */
  readonly onConsole?: (byte: number, source: ConsoleSource) => void;
  /** Called with each byte that the guest writes to `postPort`. */
  readonly onPostCode?: (code: number) => void;
  /** Where `onPostCode` listens; default 80h. */
  readonly postPort?: number;
  /** Host clock in milliseconds, for Region.milliseconds. The default never advances, so that a run without one is deterministic throughout. */
  readonly hostClock?: () => number;
  /** Settings of the technique, by name; each core documents its own. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
  /** For proofs of resource control: this many pages of the machine's memory, among the guest's, belong to somebody else. A core that leaves the guest its machine has none. */
  readonly neighbourPages?: number;
  /** Where the machine has its memory from, for those who make many engines one after the other; changes nothing but the time that this takes. */
  readonly memories?: MemoryPool;
  /** The machine that the guest shares with others, for cores that say `sharesMachine`; absent: it gets one of its own. The engine then has a `tenant`. */
  readonly site?: GuestSite;
}

/** A machine that many guests share; made by the layer of monitors (vmm's `SharedMachine`). */
export interface GuestSite {
  /** Machine memory in bytes. */
  readonly ramBytes: number;
  readonly use: SharedUse;
}
/** Machine memory in pages: all, those that nobody has, and those that several guests show. */
export interface SharedUse {
  readonly pages: number;
  readonly free: number;
  readonly shared: number;
}

/** What whoever shares out a machine needs of an engine on it. All of it between two calls of `run`, which needs the processor: `resume` first. */
export interface Tenant {
  /** The guest loses the processor to the host's timer, if it has it: a world switch. */
  leave(): void;
  /** Gives it the machine's processor, which whoever had it last leaves; false if it had it. */
  resume(): boolean;
  /** A clock that runs while this guest has the processor: instructions that the silicon executed, the monitor's included, and those that the monitor interpreted. */
  readonly workTime: number;
  /** Units of guest time that the guest slept since this was asked last. They have passed for the guest already: whoever shares out the machine sees to it that it waits as long. `run` pauses behind a sleep. */
  takeSleep(): number;
  /** Its number among those who share the machine. */
  readonly owner: number;
  /** Keeps pages that others have too, and those that hold nothing, only once; for a guest that was loaded and did not run yet. */
  shareMemory(): void;
  readonly use: TenantUse;
  /** The machine had no page left for this guest, which must not go on. */
  readonly isStarved: boolean;
  /** Gives everything back. The engine must not be used again. */
  release(): void;
}
/** Pages of machine memory that a guest has for itself, shows but shares, and was given so far, of these copies of shared ones; and its monitor's for it. */
export interface TenantUse {
  readonly own: number;
  readonly shared: number;
  readonly given: number;
  readonly copied: number;
  readonly monitor: number;
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
  /** Types a text on the PC's keyboard; false, and nothing is typed, when it has a character without a key or too much still waits to be fetched. */
  type(text: string): boolean;
  /** What the PC's screen shows in text mode: 25 lines of 80 characters. */
  screen(): readonly string[];
  /** The guest as its own instructions would find it, for people and tests. */
  inspect(): GuestView;
  /** Guest instructions retired since load. */
  readonly retired: number;
  /** Counts since load. */
  counts(): EventCounts;
  /** The last completed measured region, if the guest marked one. */
  region(): Region | undefined;
  /**
   * Guest-visible final state for the equivalence check: registers and a digest of guest memory.
   * @param digest a new one of one's own, for who compares without recording; the default is what journals have.
   */
  fingerprint(digest?: Digest): Fingerprint;
  /** Machine page numbers of the neighbour's pages (`EngineOptions.neighbourPages`) that are not as they were at the start. Absent where the guest owns the machine. */
  neighbourChanges?(): readonly number[];
  /** Present on a shared machine (`EngineOptions.site`). */
  readonly tenant?: Tenant;
}

/** A read-only view of a guest between two instructions, the same under every technique. Looking changes nothing: no TLB, no accessed bit, no count. */
export interface GuestView {
  /** A copy of the processor's state, words of isa's `Word`; those that belong to the executor or to the technique are zero. */
  readonly state: Int32Array;
  /** Faults and traps that the guest has taken since load, by vector; not those that a technique keeps to itself. */
  readonly exceptions: Float64Array;
  /** `count` bytes of guest physical memory; ones where there is none. Sees ROM, and RAM for device windows. */
  readPhysical(address: number, count: number): Uint8Array;
  /** Guest-physical address of a linear one by the guest's own tables, for a supervisor's read; undefined where they map nothing. */
  translate(linear: number): number | undefined;
}

export type LoadResult = { readonly ok: true } | { readonly ok: false; readonly problem: string };

export interface Fingerprint {
  readonly registers: readonly number[];
  readonly eip: number;
  readonly eflags: number;
  /** Hex digest of all guest physical memory. */
  readonly memory: string;
}

/** A setting of a technique: what suites, the command line and documents know of an entry of `EngineOptions.settings`. */
export interface Setting {
  readonly name: string;
  /** What it decides, and what its values mean. */
  readonly meaning: string;
  readonly default: string;
  /** One of these words; a whole number between two bounds; or some of these words, each once, joined by dots, or `none`. */
  readonly values: readonly string[] | { readonly least: number; readonly most: number } | { readonly listOf: readonly string[] };
}

/** Machines to which guests are ported: what every PC is, and those that only a technique has. */
export type GuestPort = 'pc' | 'paravirt' | 'um';

/** What a core package exports: everything that the rest of the project knows about a technique. */
export interface CoreDefinition {
  readonly id: string;
  readonly title: string;
  /** The system that stands for the technique in the source slides. */
  readonly exemplar: string;
  /** One sentence: how the guest gets executed. */
  readonly mechanism: string;
  /** For which port of the lab kernel its machine is; absent means `pc`. A guest for another machine is refused when it runs. */
  readonly port?: GuestPort;
  /** What executes the guest, for a technique that leaves no choice; absent: what its setting `executor` says. */
  readonly executor?: 'interpreter';
  /** Events that this core adds to the silicon's. */
  readonly events: readonly { readonly name: string; readonly meaning: string }[];
  /** The settings that `create` takes; absent means none. */
  readonly settings?: readonly Setting[];
  /** Settings under which the technique leaves out what makes it faithful: the matrix of instructions shows with them that its witnesses bite. */
  readonly naive?: Readonly<Record<string, string>>;
  /** What the processor has for this technique alone; absent means nothing (`ringbench difficulty`). */
  readonly silicon?: readonly SiliconChange[];
  /** The guest's processor is a program of the host and no silicon, so that its sources are the technique's (`ringbench difficulty`). */
  readonly softwareProcessor?: true;
  /** Guests of this technique can share a machine (`EngineOptions.site`); absent: a guest has its machine for itself. */
  readonly sharesMachine?: true;
  create(options: EngineOptions): Engine;
}
