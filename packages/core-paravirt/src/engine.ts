import { CPU_MODELS, CR4, DEFAULT_CPU_MODEL, Feature, Register, Vector, Word } from '@ringbench/isa';
import {
  bootGuest, createExecutor, fingerprintOf, GuestIo, guestView, RegionRecorder, showScreen, type Engine, type EngineOptions, type EventCounts, type Exit, type Fingerprint, type GuestImage,
  type GuestView, type LoadResult, type Region, type Tenant, type Digest,
} from '@ringbench/engine';
import { INSTRUCTIONS_PER_SECOND, type Machine } from '@ringbench/machine';
import {
  Dispatcher, GuestClock, GuestLoop, GuestPlatform, HostContext, MonitorInstructions, Neighbour, openGates, PagePool, ShadowCounters, siteFor, takePage, UserSegments, VirtualMachine, VmmCounters,
} from '@ringbench/vmm';
import { ParavirtCounters } from './counters.js';
import { Hypercalls } from './hypercalls.js';
import { DIRECT_BASE, GUEST_END, GuestNeed, GuestVector } from './interface.js';
import { needsOf } from './signature.js';
import { spacePages, Spaces } from './spaces.js';
import { ThreadSegments } from './thread-segments.js';
import { TIMER_VECTOR, Traps } from './traps.js';
import { VirtualDevices } from './virtual-devices.js';
import { VirtualRegisters } from './virtual-registers.js';
import { World } from './world.js';

const PAGE_BYTES = 4096;
/** The VMM's descriptor tables with its stack, the trap page, and the descriptor table under which the guest runs. */
const VMM_PAGES = 3;
const GUEST_TABLE_PAGE = 2;
/** The guest page of the virtual registers. */
const REGISTERS_PAGE = 0;
/** What the guest may enter by an instruction: its own virtual ones, system calls, INT3 and INTO. */
const OPEN_GATES = [Vector.BP, Vector.OF, GuestVector.SYSTEM_CALL, GuestVector.HYPERCALL, GuestVector.RETURN] as const;
/** How every guest's console and disk are reached. */
const DEVICES = { disk: 'virtual', console: 'virtual', network: 'virtual' } as const;

/** Whether the machine has a virtual MMU. */
export type MmuSetting = 'hypercall' | 'none';

/** A machine under a monitor that runs one guest which was ported to it. */
export class ParavirtEngine implements Engine {
  private readonly machine: Machine;
  private readonly host: HostContext;
  private readonly guest: VirtualMachine;
  private readonly world: World;
  private readonly spaces: Spaces;
  private readonly devices: VirtualDevices;
  private readonly registers: VirtualRegisters;
  private readonly platform: GuestPlatform;
  private readonly neighbour: Neighbour;
  private readonly recorder: RegionRecorder;
  private readonly counters = new VmmCounters();
  private readonly ownCounters = new ParavirtCounters();
  private readonly monitorCounters = new ShadowCounters();
  private readonly io: GuestIo;
  private readonly clock: GuestClock;
  private readonly loop: GuestLoop;
  private isLoaded = false;
  private isPauseWanted = false;
  readonly tenant?: Tenant;
  /** Why this machine does not run the guest that was loaded. */
  private refusal: string | undefined = undefined;
  private status: number | undefined = undefined;

  constructor(private readonly options: EngineOptions, private readonly mmu: MmuSetting) {
    const guestPages = options.memoryBytes / PAGE_BYTES;
    const { neighbourPages = 0 } = options;
    const pages = VMM_PAGES + spacePages(guestPages) + guestPages + neighbourPages;
    this.io = new GuestIo({ ...options, settings: DEVICES });
    this.recorder = new RegionRecorder(() => this.counts(), options.hostClock ?? (() => 0));
    const { features } = CPU_MODELS[options.cpu ?? DEFAULT_CPU_MODEL];
    const site = siteFor(options, { features, pages, createExecutor: createExecutor(options) });
    this.machine = site.machine;
    const { machine, counters } = this;
    const { allocator } = site;
    const host = new HostContext(machine, allocator, site.trapAddress);
    this.host = host;
    const guestTable = takePage(allocator);
    const pool = new PagePool(machine.memory, allocator, spacePages(guestPages));
    this.neighbour = new Neighbour(machine.memory, allocator, neighbourPages, guestPages);
    const memory = site.guestMemory(guestPages);
    this.clock = new GuestClock(() => machine.processor.now());
    this.guest = new VirtualMachine({ ...this.io.equipment(), cpu: options.cpu, memory, clock: this.clock, counters, memoryBytes: options.memoryBytes, onMarker: () => undefined });
    const monitor = new MonitorInstructions(machine, this.clock, this.monitorCounters);
    this.registers = new VirtualRegisters(machine, memory);
    this.spaces = new Spaces(machine, memory, monitor, pool, [host.tables, host.trapAddress, guestTable]);
    host.relocate(GUEST_END);
    openGates(machine, host, OPEN_GATES);
    const segments = new ThreadSegments(machine, guestTable, host);
    this.takeProcessor(monitor, features);
    this.world = new World(machine, host, monitor, this.spaces, this.registers, this.ownCounters);
    this.devices = new VirtualDevices(this.guest, this.registers, counters);
    this.platform = new GuestPlatform(this.guest, machine, allocator, { onMapped: () => undefined, onReset: () => undefined }, site.owner);
    const dispatcher = new Dispatcher(host, counters);
    this.loop = new GuestLoop(machine, dispatcher, this.world, this.clock, () => this.enterGuest());
    const hypercalls = new Hypercalls({
      memory, spaces: this.spaces, segments, devices: this.devices, counters: this.ownCounters, hasSpaces: mmu === 'hypercall', onMark: (value) => this.recorder.mark(value), onTerminate: (status) => (this.status = status),
    });
    new Traps(machine, this.guest, this.world, this.registers, hypercalls).install(dispatcher);
    if (site.tenancy === undefined) return;
    this.tenant = site.tenancy;
    site.tenancy.attach({
      clock: this.clock, memory, pool, onMarker: () => undefined, leave: () => this.leave(), onRemapped: () => this.spaces.remap(), onSlept: () => this.pause(), onResumed: () => undefined, pinned: [REGISTERS_PAGE],
    });
  }

  /** The host's timer takes the processor from the guest, as the monitor's own does; behind a load of SS, an instruction later. */
  private leave(): void {
    while (this.world.isGuestRunning) {
      this.interruptGuest();
      if (this.machine.run(0).kind === 'budget' && this.world.isGuestRunning) this.machine.run(1);
      if (this.world.isGuestRunning) continue;
      const isPreempted = this.host.trappedVector() === TIMER_VECTOR;
      this.loop.takeTrap();
      if (isPreempted) this.world.isUnnoticed = true;
    }
  }

  load(image: GuestImage): LoadResult {
    this.status = undefined;
    this.refusal = this.refusalOf(image);
    this.isLoaded = true;
    if (this.refusal !== undefined) return { ok: true };
    this.isLoaded = false;
    const loaded = bootGuest(image, this.platform, this.options, this.io);
    if (!loaded.ok) return loaded;
    const { state } = this.guest.processor;
    this.registers.store('MEMORY_BYTES', this.options.memoryBytes);
    this.registers.store('INSTRUCTIONS_PER_SECOND', INSTRUCTIONS_PER_SECOND);
    this.registers.store('BOOT_INFORMATION', state[Register.EBX]);
    this.devices.start();
    this.world.start(state[Word.EIP] + DIRECT_BASE);
    this.loop.awaitsEntry = true;
    this.isLoaded = true;
    return { ok: true };
  }

  run(budget: number): Exit {
    if (!this.isLoaded) throw new Error('run without a guest');
    if (this.refusal !== undefined) return { kind: 'refused', reason: this.refusal };
    return this.loop.run(budget);
  }

  /** What lies between two instructions of the guest: the end of the run, devices, pending events; then the entry. */
  private enterGuest(): Exit | undefined {
    const { world, guest, devices, registers } = this;
    if (this.takePause()) return { kind: 'paused' };
    if (this.status !== undefined) return { kind: 'power-off', status: this.status };
    if (world.problem === undefined && !devices.settle(world.isUnnoticed)) return { kind: 'halted' };
    if (this.takePause()) return { kind: 'paused' };
    if (registers.load('INTERRUPTS') !== 0 && registers.load('PENDING') !== 0) this.tellEvents();
    const problem = world.problem ?? (guest.processor.inShutdown ? guest.processor.shutdownReason : undefined);
    if (problem !== undefined) return { kind: 'shutdown', eip: world.eip >>> 0, detail: problem };
    world.enter();
    this.armTimer();
    this.loop.awaitsEntry = false;
    return undefined;
  }

  private takePause(): boolean {
    const { isPauseWanted } = this;
    this.isPauseWanted = false;
    return isPauseWanted;
  }

  /** An entry for all that is pending. */
  private tellEvents(): void {
    this.ownCounters.events++;
    this.world.upcall(GuestVector.EVENT, 0);
  }

  private armTimer(): void {
    const { deadline } = this.guest;
    this.machine.armTimer(TIMER_VECTOR, deadline === Infinity ? Infinity : this.clock.toMachineTime(deadline));
  }

  private refusalOf(image: GuestImage): string | undefined {
    const needs = needsOf(image);
    if (needs === undefined) return `${image.name} is not ported to the paravirtual machine, which has no PC for it (docs/paravirt.md)`;
    const lacksSpaces = this.mmu === 'none' && (needs & GuestNeed.SPACES) !== 0;
    return lacksSpaces ? `${image.name} needs address spaces, and this machine has no virtual MMU (mmu=none)` : undefined;
  }

  /** Called by a device, while the monitor has the processor. */
  pause(): void {
    this.isPauseWanted = true;
    this.interruptGuest();
  }
  /** Input is an interrupt of the host's: it takes the processor from the guest, and the monitor looks at its devices. */
  receive(byte: number): boolean {
    const accepted = this.guest.pc.offerInput(byte);
    if (accepted) this.interruptGuest();
    return accepted;
  }
  /** There is no keyboard. */
  type(_text: string): boolean { return false; }
  private interruptGuest(): void {
    if (this.world.isGuestRunning) this.machine.armTimer(TIMER_VECTOR, this.machine.processor.now());
  }

  screen(): readonly string[] { return showScreen(this.platform); }
  /** `translate` is by the monitor's tables, as the guest has none that the silicon walks. */
  inspect(): GuestView {
    const view = guestView(this.world.state(), this.machine.memory.counts, (address, count) => this.platform.readPhysical(address, count));
    return { ...view, translate: (linear) => this.spaces.translate(linear) };
  }
  get retired(): number { return this.clock.retired; }

  counts(): EventCounts {
    const { retired, idle } = this.clock;
    const { idle: _machineIdle, ...silicon } = this.machine.counts();
    const direct = retired - this.counters.interpreted;
    return { ...silicon, ...(idle === 0 ? {} : { idle }), retired, direct, ...this.counters.counts(), ...this.monitorCounters.counts(), ...this.ownCounters.counts(), ...this.io.counts() };
  }
  region(): Region | undefined { return this.recorder.region; }
  fingerprint(digest?: Digest): Fingerprint { return fingerprintOf(this.world.state(), this.guest.memory.digest(digest)); }
  neighbourChanges(): readonly number[] { return this.neighbour.changes(); }

  /** LGDT of the table under which the guest runs; where there are time stamps, RDTSC must trap: the machine's time is not the guest's. */
  private takeProcessor(monitor: MonitorInstructions, features: number): void {
    const { state } = this.machine.processor;
    state[Word.GDTR_BASE] = (GUEST_END + GUEST_TABLE_PAGE * PAGE_BYTES) | 0;
    state[Word.GDTR_LIMIT] = UserSegments.LIMIT;
    if ((features & Feature.I586) !== 0) monitor.loadCr4(CR4.TSD);
  }
}
