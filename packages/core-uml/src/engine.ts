import { CPU_MODELS, DEFAULT_CPU_MODEL } from '@ringbench/isa';
import {
  createExecutor, fingerprintOf, GuestIo, guestView, RegionRecorder, type Engine, type EngineOptions, type EventCounts, type Exit, type Fingerprint, type GuestImage, type GuestView, type LoadResult,
  type MultibootImage, type Region,
} from '@ringbench/engine';
import { ByteFile, DiskFile, HostKernel, NullFile, StreamFile, type HostFile, type Process } from '@ringbench/host';
import { Machine, type BlockStore } from '@ringbench/machine';
import { Allocator, Neighbour, Owner } from '@ringbench/vmm';
import { GuestState } from './guest-state.js';
import { isHostProgram } from './image.js';

const PAGE_BYTES = 4096;
/** The laboratory's marker call (docs/user-mode.md, section 2). */
const MARKER_CALL = 0x5242;
const Path = { ARCHIVE: '/archive', DISK: '/disk', NULL: '/dev/null' } as const;
/** Pages of the host's and of its processes beside the guest's physical memory: the kernel's process and each program's page tables and stub. */
const HOST_PAGES = 4096;
const MEMORY_OF_TABLES = 8;
const EXIT_CODE_SHIFT = 8;
const SIGNAL_MASK = 0x7f;
/** How every guest's console and disk are reached: by the host's files. */
const DEVICES = { disk: 'virtual', console: 'virtual' } as const;

export type Arrangement = 'tt' | 'skas0' | 'skas3';
export interface UserModeSettings {
  readonly arrangement: Arrangement;
  readonly sysemu: 'on' | 'off';
}

/** A machine under a host's kernel that runs one guest: a kernel as a process, and the processes that this makes for its programs. */
export class UserModeEngine implements Engine {
  private readonly machine: Machine;
  private readonly kernel: HostKernel;
  private readonly neighbour: Neighbour;
  private readonly recorder: RegionRecorder;
  private readonly io: GuestIo;
  private readonly input = new StreamFile();
  private readonly files = new Map<string, () => HostFile>();
  private readonly guest: GuestState;
  /** The guest's kernel. */
  private init: Process | undefined = undefined;
  private refusal: string | undefined = undefined;
  private isLoaded = false;

  constructor(private readonly options: EngineOptions, private readonly settings: UserModeSettings) {
    const guestPages = options.memoryBytes / PAGE_BYTES;
    const { neighbourPages = 0 } = options;
    const pages = HOST_PAGES + guestPages + Math.ceil(guestPages / MEMORY_OF_TABLES) + neighbourPages;
    this.io = new GuestIo({ ...options, settings: DEVICES });
    this.recorder = new RegionRecorder(() => this.counts(), options.hostClock ?? (() => 0));
    const { features } = CPU_MODELS[options.cpu ?? DEFAULT_CPU_MODEL];
    this.machine = new Machine({ features, ramBytes: pages * PAGE_BYTES, createExecutor: createExecutor(options), ...(options.memories === undefined ? {} : { memories: options.memories }) });
    const allocator = new Allocator(pages);
    this.kernel = new HostKernel({
      machine: this.machine, allocator, owner: Owner.FIRST_VM,
      open: (path) => this.files.get(path)?.(),
      hasSpaceFiles: settings.arrangement === 'skas3',
      extraCalls: new Map([[MARKER_CALL, (value: number) => this.mark(value)]]),
      onMemoryFile: (file) => this.guest.addMemory(file),
    });
    this.guest = new GuestState(this.machine, this.kernel, options.memoryBytes);
    this.neighbour = new Neighbour(this.machine.memory, allocator, neighbourPages, guestPages);
    this.files.set(Path.NULL, () => new NullFile());
  }

  load(image: GuestImage): LoadResult {
    this.kernel.endAll();
    this.init = undefined;
    this.refusal = undefined;
    this.isLoaded = false;
    if (image.format !== 'multiboot' || !isHostProgram(image.bytes)) {
      this.refusal = `${image.name} is not ported to a host's system calls, and its kernel is a process of the host's (docs/user-mode.md)`;
      this.isLoaded = true;
      return { ok: true };
    }
    const stores = this.stores();
    if (typeof stores === 'string') return { ok: false, problem: stores };
    const started = this.start(image, stores);
    this.isLoaded = started.ok;
    return started;
  }

  private start(image: MultibootImage, stores: readonly BlockStore[]): LoadResult {
    const [archive] = image.modules ?? [];
    const [disk] = stores;
    if (archive !== undefined) this.files.set(Path.ARCHIVE, () => new ByteFile(archive.bytes));
    if (disk !== undefined) this.files.set(Path.DISK, () => new DiskFile(disk));
    const { arrangement, sysemu } = this.settings;
    const words = [
      image.name, `mem=${this.options.memoryBytes}`, `arrangement=${arrangement}`, `sysemu=${sysemu}`,
      ...(archive === undefined ? [] : [`archive=${Path.ARCHIVE}`]), ...(disk === undefined ? [] : [`disk=${Path.DISK}`]), `command=${image.commandLine ?? ''}`,
    ];
    const console = this.io.equipment().onConsole ?? (() => undefined);
    const streams = [this.input, new StreamFile((byte) => console(byte, 'e9')), new StreamFile((byte) => console(byte, 'uart'))] as const;
    const started = this.kernel.start({ name: image.name, bytes: image.bytes, words, streams });
    if (!started.ok) return started;
    this.init = started.process;
    return { ok: true };
  }

  /** Stores for the disks, or what is wrong with them. */
  private stores(): readonly BlockStore[] | string {
    const { disks = [] } = this.options;
    if (disks.length > 1) return `${disks.length} disks are too many: the guest's kernel takes one`;
    if (disks.some((disk) => disk instanceof Uint8Array && disk.length === 0)) return 'disk 0 is empty: a disk has at least one byte';
    return disks.map((disk) => this.io.store(disk));
  }

  run(budget: number): Exit {
    if (!this.isLoaded) throw new Error('run without a guest');
    if (this.refusal !== undefined) return { kind: 'refused', reason: this.refusal };
    const stop = this.isOver ? 'ended' : this.kernel.run(budget);
    if (this.init !== undefined && this.isOver) return this.ended(this.init);
    switch (stop) {
      case 'budget': return { kind: 'budget' };
      case 'interrupted': return { kind: 'paused' };
      case 'asleep': return { kind: 'halted' };
      case 'ended': throw new Error('the guest\'s kernel is gone without an end');
    }
  }

  private get isOver(): boolean { return this.init?.isDead === true; }

  /** The guest ends with its kernel, whatever of its programs is left. */
  private ended({ status }: Process): Exit {
    const signal = status & SIGNAL_MASK;
    if (signal === 0) return { kind: 'power-off', status: status >>> EXIT_CODE_SHIFT };
    return { kind: 'shutdown', eip: this.guest.eip, detail: `the guest's kernel, a process of the host's, was killed by signal ${signal}` };
  }

  private mark(value: number): number {
    this.recorder.mark(value);
    return 0;
  }

  pause(): void { this.kernel.interrupt(); }
  receive(byte: number): boolean { return this.input.receive(byte); }
  /** There is no keyboard. */
  type(_text: string): boolean { return false; }
  /** Nor a screen. */
  screen(): readonly string[] { return []; }
  inspect(): GuestView {
    const view = guestView(this.guest.state(), this.machine.memory.counts, (address, count) => this.guest.readPhysical(address, count));
    return { ...view, translate: (linear) => this.guest.translate(linear) };
  }
  get retired(): number { return this.kernel.retired; }

  counts(): EventCounts {
    const { retired, clock, vmmCounters, userMode, counters } = this.kernel;
    const { idle: _machineIdle, ...silicon } = this.machine.counts();
    return {
      ...silicon, ...(clock.idle === 0 ? {} : { idle: clock.idle }), retired, direct: retired, ...vmmCounters.counts(), ...userMode.counters.counts(), ...counters.counts(), ...this.io.counts(),
    };
  }
  region(): Region | undefined { return this.recorder.region; }
  fingerprint(): Fingerprint { return fingerprintOf(this.guest.state(), this.guest.digest()); }
  neighbourChanges(): readonly number[] { return this.neighbour.changes(); }
}
