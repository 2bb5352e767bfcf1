import { Access, CPU_MODELS, DEFAULT_CPU_MODEL, deliverFault, deliverHardwareInterrupt, Flag, Segment, Vector, Word } from '@ringbench/isa';
import {
  bootGuest, createExecutor, fingerprintOf, GuestIo, guestView, RegionRecorder, showScreen, type Engine, type EngineOptions, type EventCounts, type Exit, type Fingerprint, type GuestImage,
  type GuestView, type LoadResult, type Region, type Tenant, type Digest,
} from '@ringbench/engine';
import type { Machine } from '@ringbench/machine';
import { VmmCounters } from '../counters.js';
import { StaticDevices } from '../devices/static-devices.js';
import { Dispatcher } from '../dispatcher.js';
import { GuestClock } from '../guest-clock.js';
import { GuestLoop } from '../guest-loop.js';
import { GuestPlatform, ROM_PAGES } from '../guest-platform.js';
import { HostContext } from '../host-context.js';
import { PagePool } from '../page-pool.js';
import { siteFor } from '../sharing/site.js';
import { ScanCounters, ScannedCode, Verdict, type ScanningPolicy } from '../scanning/index.js';
import { Neighbour } from '../neighbour.js';
import { ROM_TABLE_PAGES, SecondLevelTables, secondLevelPages } from '../second-level.js';
import { VirtualMachine } from '../virtual-machine.js';
import type { AddressSpaces } from './address-spaces.js';
import { GuestTraps, TIMER_VECTOR } from './guest-traps.js';
import { MonitorInstructions } from './monitor-instructions.js';
import { SecondLevelSpaces } from './second-level-spaces.js';
import { ShadowCounters } from './shadow-counters.js';
import { ShadowSegments } from './shadow-segments.js';
import { ShadowTables, type ShadowOptions } from './shadow-tables.js';
import { TrappedInstructions } from './trapped-instructions.js';
import { WorldSwitch } from './world-switch.js';

const PAGE_BYTES = 4096;
/** The VMM's descriptor tables with its stack, and the trap page. */
const VMM_PAGES = 2;
/** Pages for shadow tables: some for any guest, and one for each so many pages of its memory. */
const LEAST_SHADOW_PAGES = 256;
const GUEST_PAGES_OF_A_SHADOW_PAGE = 64;

const shadowPages = (guestPages: number): number => LEAST_SHADOW_PAGES + Math.ceil(guestPages / GUEST_PAGES_OF_A_SHADOW_PAGE);

/** What distinguishes techniques whose guests run deprivileged. */
export interface DeprivilegedPolicy {
  /** Has the silicon trap sensitive unprivileged instructions at ring 3. */
  readonly sensitiveTraps: boolean;
  readonly shadow: ShadowOptions['policy'];
  /** The silicon walks the guest's own tables, with a second level behind them, and nothing is shadowed; not with `scanning`. */
  readonly secondLevel?: boolean;
  /** Has code run from mirror pages; absent: it runs where the guest has it. */
  readonly scanning?: ScanningPolicy;
}

/** A machine under a virtual machine monitor that runs one unmodified guest at ring 3, whatever ring the guest believes in. */
export class DeprivilegedEngine implements Engine {
  private readonly machine: Machine;
  private readonly guest: VirtualMachine;
  private readonly world: WorldSwitch;
  private readonly spaces: AddressSpaces;
  private readonly traps: GuestTraps;
  private readonly platform: GuestPlatform;
  private readonly neighbour: Neighbour;
  private readonly recorder: RegionRecorder;
  private readonly counters = new VmmCounters();
  private readonly io: GuestIo;
  private readonly devices: StaticDevices;
  private readonly shadowCounters = new ShadowCounters();
  private readonly scanCounters = new ScanCounters();
  private readonly code: ScannedCode | undefined;
  private readonly instructions: TrappedInstructions;
  private readonly clock: GuestClock;
  private readonly loop: GuestLoop;
  private isLoaded = false;
  /** The guest has firmware of its own, which starts the machine again after a reset. */
  private hasFirmware = false;
  private isPauseWanted = false;
  readonly tenant?: Tenant;
  /** Machine time for which the timer was armed last. */
  private armedAt = Infinity;

  constructor(private readonly options: EngineOptions, policy: DeprivilegedPolicy) {
    const guestPages = options.memoryBytes / PAGE_BYTES;
    const { neighbourPages = 0 } = options;
    const mirrors = policy.scanning?.mirrors ?? 0;
    const spacePages = policy.secondLevel === true ? secondLevelPages(guestPages) + ROM_TABLE_PAGES : shadowPages(guestPages);
    const pages = VMM_PAGES + spacePages + mirrors + guestPages + neighbourPages + ROM_PAGES;
    this.io = new GuestIo(options);
    this.recorder = new RegionRecorder(() => this.counts(), options.hostClock ?? (() => 0));
    const onMarker = (value: number): void => this.recorder.mark(value);
    const { features } = CPU_MODELS[options.cpu ?? DEFAULT_CPU_MODEL];
    const site = siteFor(options, { memories: options.memories, features, pages, createExecutor: createExecutor(options), onMarker });
    this.machine = site.machine;
    const { machine, counters } = this;
    machine.processor.sensitiveTraps = policy.sensitiveTraps;
    const { allocator } = site;
    const host = new HostContext(machine, allocator, site.trapAddress);
    const pool = policy.secondLevel === true ? undefined : new PagePool(machine.memory, allocator, spacePages);
    this.neighbour = new Neighbour(machine.memory, allocator, neighbourPages, guestPages);
    const memory = site.guestMemory(guestPages);
    this.clock = new GuestClock(() => machine.processor.now());
    this.guest = new VirtualMachine({
      ...this.io.equipment(), cpu: options.cpu, memory, clock: this.clock, counters, memoryBytes: options.memoryBytes, onMarker, onLine20: () => this.spaces.dropAll(),
      onStore: (page, offset, bytes) => this.spaces.written(page, offset, bytes), onPagingChanged: () => this.spaces.contextChanged(),
      onPageInvalidated: (linear) => this.spaces.pageInvalidated(linear),
      onDeadlineMoved: () => this.deadlineMoved(), onInterruptRaised: () => this.deviceInterrupted(),
    });
    this.devices = new StaticDevices(machine.pc.bus, this.guest.pc.bus, site.devices, host, site.owner);
    this.devices.allocateChosen(this.io.choices);
    const { state } = this.guest.processor;
    const monitor = new MonitorInstructions(machine, this.clock, this.shadowCounters);
    const shadow = pool === undefined ? undefined : new ShadowTables(machine, host, memory, state, monitor, this.shadowCounters, { policy: policy.shadow, pool });
    this.spaces = shadow ?? new SecondLevelSpaces(machine, new SecondLevelTables(machine.memory, allocator, memory), state, monitor);
    this.world = new WorldSwitch(machine, host, this.guest, monitor, new ShadowSegments(host, state), this.spaces, policy.scanning?.userCode === 'direct', policy.sensitiveTraps || policy.scanning !== undefined);
    this.platform = new GuestPlatform(this.guest, machine, allocator, { onMapped: (first, count) => this.spaces.mapped(first, count), onReset: () => this.world.resetInPlace() }, site.owner);
    machine.processor.onFloatingPointError = () => this.reportFloatingPointError();
    const dispatcher = new Dispatcher(host, counters);
    this.loop = new GuestLoop(machine, dispatcher, this.world, this.clock, (end) => this.enterGuest(end));
    this.instructions = new TrappedInstructions(machine.memory, this.guest);
    this.code = policy.scanning === undefined || shadow === undefined ? undefined : new ScannedCode(machine, this.guest, shadow, policy.scanning, this.scanCounters, new PagePool(machine.memory, allocator, mirrors));
    this.traps = new GuestTraps(dispatcher, machine, this.guest, this.world, this.spaces, this.instructions, this.code);
    this.traps.install();
    if (site.tenancy === undefined) return;
    this.tenant = site.tenancy;
    site.tenancy.attach({
      clock: this.clock, memory, onMarker, ...(pool === undefined ? {} : { pool }), leave: () => this.leave(), onRemapped: () => this.spaces.dropAll(), onSlept: () => this.pause(),
      onResumed: () => {
        machine.processor.onFloatingPointError = () => this.reportFloatingPointError();
        this.spaces.emptied();
      },
    });
  }

  /** The host's timer takes the processor from the guest, as the VMM's own does; behind a load of SS, an instruction later. */
  private leave(): void {
    while (this.world.isGuestRunning) {
      this.interruptGuest();
      if (this.machine.run(0).kind === 'budget' && this.world.isGuestRunning) this.machine.run(1);
      if (this.world.isGuestRunning) continue;
      this.loop.takeTrap();
    }
  }

  load(image: GuestImage): LoadResult {
    if (this.tenant !== undefined && !this.devices.isEmpty) return { ok: false, problem: 'a device of a machine that many share cannot be allocated to one of them' };
    const loaded = bootGuest(image, this.platform, this.options, this.io);
    if (!loaded.ok) return loaded;
    this.devices.connect();
    this.hasFirmware = image.format === 'rom';
    this.spaces.dropAll();
    this.loop.awaitsEntry = true;
    this.isLoaded = true;
    return { ok: true };
  }

  run(budget: number): Exit {
    if (!this.isLoaded) throw new Error('run without a guest');
    return this.loop.run(budget);
  }

  /**
   * What lies between two instructions of the guest: events, the end of the run, virtual devices, interrupts; then the entry or, where there can be none, the
   * next instruction, if fewer than `end` have retired.
   */
  private enterGuest(end: number): Exit | undefined {
    const { guest } = this;
    const { processor } = guest;
    if (this.takePause()) return { kind: 'paused' };
    for (;;) {
      this.deliverPending();
      // A single-step trap of the instruction that ended the run may have shut the processor down; the RESET line, which it pulled, wakes it (SDM vol. 3, 6.15, Interrupt 8).
      const outcome = this.takeEnd();
      if (outcome !== undefined) return outcome;
      if (processor.inShutdown) return { kind: 'shutdown', eip: processor.state[Word.EIP] >>> 0, detail: processor.shutdownReason };
      if (!guest.settle()) return { kind: 'halted' };
      if (this.takePause()) return { kind: 'paused' };
      if (guest.pending === undefined && this.isWithinCode()) break;
    }
    if (!this.world.canEnter || this.code?.prepare() === Verdict.INTERPRET) {
      if (this.retired >= end) return { kind: 'budget' };
      if (!guest.takeInstructionBreakpoint()) this.instructions.interpretAny();
      return undefined;
    }
    this.world.enter();
    this.armTimer();
    this.loop.awaitsEntry = false;
    return undefined;
  }

  private takePause(): boolean {
    const { isPauseWanted } = this;
    this.isPauseWanted = false;
    return isPauseWanted;
  }

  /** Has the guest take what is pending, and the debug traps that this causes. */
  private deliverPending(): void {
    const { guest } = this;
    const { processor } = guest;
    for (let event = guest.pending; event !== undefined && !processor.inShutdown; event = guest.pending) {
      guest.pending = undefined;
      // What is left of a table write that did not happen, or happened: nothing may be shadowed from what is not followed.
      if (this.spaces.hasGrants) this.spaces.endGrants();
      if (event.kind === 'interrupt') deliverHardwareInterrupt(processor, event.vector);
      else deliverFault(processor, event.vector, event.errorCode);
      if (processor.livelocked) processor.endLivelock();
      if (processor.trapCause === 0) continue;
      processor.state[Word.DR + 6] |= processor.trapCause;
      processor.trapCause = 0;
      guest.raiseException(Vector.DB, 0);
    }
  }

  /** Running past the end of the code segment is a fault of the fetch (SDM vol. 3, 5.3), which the VMM's IRET would take for its own. */
  private isWithinCode(): boolean {
    const { guest } = this;
    const { state } = guest.processor;
    if (state[Word.EIP] >>> 0 <= state[Word.LIMIT + Segment.CS] >>> 0 && (state[Word.ACCESS + Segment.CS] & Access.UNUSABLE) === 0) return true;
    if (!guest.takeInstructionBreakpoint()) guest.raiseException(Vector.GP, 0);
    return false;
  }

  /** The machine's timer gets the guest's next device deadline; or the next instruction, where something holds for one instruction only. */
  private armTimer(): void {
    const { guest, clock } = this;
    const { state, interruptsInhibited } = guest.processor;
    const window = guest.awaitsInterruptWindow && interruptsInhibited && (state[Word.FLAG_SYSTEM] & Flag.IF) !== 0;
    const isStep = window || this.spaces.hasGrants || state[Word.PENDING_DEBUG] !== 0;
    const deadline = isStep ? clock.now() + 1 : guest.deadline;
    this.arm(deadline === Infinity ? Infinity : clock.toMachineTime(deadline));
  }
  private arm(at: number): void {
    this.armedAt = at;
    this.machine.armTimer(TIMER_VECTOR, at);
  }

  // ---- what devices that are allocated to the guest do while it runs

  private get mayDevicesAct(): boolean { return !this.devices.isEmpty && this.world.isGuestRunning; }
  /** Their next interrupt may come earlier than what the timer was armed for. */
  private deadlineMoved(): void {
    const at = this.clock.toMachineTime(this.guest.deadline);
    if (this.mayDevicesAct && at < this.armedAt) this.arm(at);
  }
  /** An interrupt of theirs goes to the VMM. */
  private deviceInterrupted(): void {
    if (!this.mayDevicesAct) return;
    this.counters.deviceInterrupts++;
    this.interruptGuest();
  }

  /** The end of the run that the guest asked for, or undefined: it asked for none, or was reset and goes on. */
  private takeEnd(): Exit | undefined {
    const { guest } = this;
    if (guest.isPoweredOff) return { kind: 'power-off', status: guest.takePowerOff() };
    if (!guest.isResetWanted) return undefined;
    guest.isResetWanted = false;
    if (!this.hasFirmware) return { kind: 'reset' };
    this.platform.reset();
    return undefined;
  }

  /** Called by a device: while the VMM has the processor or, if the device is allocated to the guest, while the guest has it. */
  pause(): void {
    this.isPauseWanted = true;
    if (this.world.isGuestRunning) this.interruptGuest();
  }
  receive(byte: number): boolean { return this.acceptInput(this.guest.pc.offerInput(byte)); }
  type(text: string): boolean { return this.acceptInput(this.guest.pc.keyboard?.type(text) === true); }
  /** Input is an interrupt of the host's: it takes the processor from the guest, and the VMM looks at its virtual devices. */
  private acceptInput(accepted: boolean): boolean {
    if (accepted && this.world.isGuestRunning) this.interruptGuest();
    return accepted;
  }
  private interruptGuest(): void { this.arm(this.machine.processor.now()); }
  screen(): readonly string[] { return showScreen(this.platform); }
  inspect(): GuestView { return guestView(this.world.guestState(), this.guest.processor.events, (address, count) => this.platform.readPhysical(address, count)); }
  get retired(): number { return this.clock.retired; }

  counts(): EventCounts {
    const { retired, idle } = this.clock;
    const { idle: _machineIdle, ...silicon } = this.machine.counts();
    const direct = retired - this.counters.interpreted;
    const { deliveries } = this.guest.processor;
    return { ...silicon, ...(idle === 0 ? {} : { idle }), retired, direct, ...(deliveries === 0 ? {} : { 'vmm.delivery': deliveries }), ...this.counters.counts(), ...this.shadowCounters.counts(), ...this.scanCounters.counts(), ...this.io.counts() };
  }
  region(): Region | undefined { return this.recorder.region; }
  fingerprint(digest?: Digest): Fingerprint { return fingerprintOf(this.world.guestState(), this.guest.memory.digest(digest)); }
  neighbourChanges(): readonly number[] { return this.neighbour.changes(); }

  /** A FERR# of the guest's x87 unit: its interrupt is a virtual device's, so the VMM gets the processor at the next instruction boundary. */
  private reportFloatingPointError(): boolean {
    if (this.guest.pc.coprocessor.reported(this.machine.processor.state[Word.X87_FIP])) return true;
    this.interruptGuest();
    return false;
  }
}
