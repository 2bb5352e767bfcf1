import { exitV386, loadFloat, storeFloat, Vector, Word } from '@ringbench/isa';
import {
  bootGuest, createExecutor, fingerprintOf, GuestIo, guestView, RegionRecorder, showScreen, type Engine, type EngineOptions, type EventCounts, type Exit, type Fingerprint, type GuestImage,
  type GuestView, type LoadResult, type Region, type Tenant, type Digest,
} from '@ringbench/engine';
import type { Machine } from '@ringbench/machine';
import { Dispatcher, GuestClock, GuestLoop, GuestPlatform, HostContext, Neighbour, ROM_PAGES, ROM_TABLE_PAGES, SecondLevelTables, secondLevelPages, siteFor, StaticDevices, takePage, VirtualMachine, VmmCounters } from '@ringbench/vmm';
import { ControlBlock, ExitFrame } from './control-block.js';
import { DeviceServer } from './device-server.js';
import { IO_BITMAP_PAGES, IoBitmap } from './io-bitmap.js';
import { GuestExits } from './guest-exits.js';
import { ModeSwitch } from './mode-switch.js';

const PAGE_BYTES = 4096;
/** The VMM's descriptor tables with its stack, the trap page and the control block. */
const VMM_PAGES = 3;

/** A machine under a virtual machine monitor that runs one unmodified guest in V386 mode. */
export class V386Engine implements Engine {
  private readonly machine: Machine;
  private readonly guest: VirtualMachine;
  private readonly switch: ModeSwitch;
  private readonly recorder: RegionRecorder;
  private readonly counters = new VmmCounters();
  private readonly io: GuestIo;
  private readonly devices: StaticDevices;
  private readonly deviceServer: DeviceServer;
  private readonly clock: GuestClock;
  private readonly loop: GuestLoop;
  private isLoaded = false;
  private readonly platform: GuestPlatform;
  private readonly neighbour: Neighbour;
  /** The guest has firmware of its own, which starts the machine again after a reset. */
  private hasFirmware = false;
  private isPauseWanted = false;
  readonly tenant?: Tenant;

  constructor(private readonly options: EngineOptions) {
    const guestPages = options.memoryBytes / PAGE_BYTES;
    const { neighbourPages = 0 } = options;
    const pages = VMM_PAGES + IO_BITMAP_PAGES + secondLevelPages(guestPages) + guestPages + neighbourPages + ROM_PAGES + ROM_TABLE_PAGES;
    this.io = new GuestIo(options);
    this.deviceServer = new DeviceServer(options);
    this.recorder = new RegionRecorder(() => this.counts(), options.hostClock ?? (() => 0));
    const onMarker = (value: number): void => this.recorder.mark(value);
    const site = siteFor(options, { memories: options.memories, cpu: options.cpu, pages, createExecutor: createExecutor(options), onMarker });
    this.machine = site.machine;
    const { machine, counters } = this;
    const { allocator } = site;
    const host = new HostContext(machine, allocator, site.trapAddress);
    const blockAddress = takePage(allocator);
    const bitmap = new IoBitmap(machine.memory, allocator);
    this.neighbour = new Neighbour(machine.memory, allocator, neighbourPages, guestPages);
    const memory = site.guestMemory(guestPages);
    const secondLevel = new SecondLevelTables(machine.memory, allocator, memory);
    const block = new ControlBlock(machine.memory, blockAddress, host.frameAddress(ExitFrame.WORDS));
    this.clock = new GuestClock(() => machine.processor.now());
    this.guest = new VirtualMachine({
      ...this.io.equipment(), cpu: options.cpu, memory, clock: this.clock, counters, memoryBytes: options.memoryBytes, onMarker, onLine20: () => secondLevel.remap(),
      onDeadlineMoved: () => this.deadlineMoved(), onInterruptRaised: () => this.deviceInterrupted(),
    });
    this.devices = new StaticDevices(machine.pc.bus, this.guest.pc.bus, site.devices, bitmap, site.owner);
    this.devices.allocateChosen(this.io.choices);
    block.store('IO_BITMAP', bitmap.address);
    this.switch = new ModeSwitch(machine, host, block, this.guest, secondLevel.root);
    this.platform = new GuestPlatform(this.guest, machine, allocator, { onMapped: (first, count) => secondLevel.mapBeyond(first, count), onReset: () => this.switch.resetInPlace() }, site.owner);
    machine.processor.onFloatingPointError = () => this.reportFloatingPointError();
    const exits = new GuestExits(this.guest, block, secondLevel, this.deviceServer);
    const dispatcher = new Dispatcher(host, counters);
    this.loop = new GuestLoop(machine, dispatcher, this.switch, this.clock, () => this.enterGuest());
    dispatcher.handle(Vector.V3, () => exits.handle(this.switch.takeExit()));
    if (site.tenancy === undefined) return;
    this.tenant = site.tenancy;
    site.tenancy.attach({
      clock: this.clock, memory, onMarker, leave: () => this.leave(), onRemapped: () => secondLevel.remap(), onSlept: () => this.pause(),
      onResumed: () => (machine.processor.onFloatingPointError = () => this.reportFloatingPointError()),
    });
  }

  /** The host's timer takes the processor from the guest, as the guest's own preemption timer does. */
  private leave(): void {
    if (!this.switch.isGuestRunning) return;
    exitV386(this.machine.processor, 'timer');
    this.loop.takeTrap();
  }

  load(image: GuestImage): LoadResult {
    if (this.tenant !== undefined && !this.devices.isEmpty) return { ok: false, problem: 'a device of a machine that many share cannot be allocated to one of them' };
    const loaded = bootGuest(image, this.platform, this.options, this.io);
    if (!loaded.ok) return loaded;
    this.devices.connect();
    this.hasFirmware = image.format === 'rom';
    this.switch.resetGuest();
    this.loop.awaitsEntry = true;
    this.isLoaded = true;
    return { ok: true };
  }

  run(budget: number): Exit {
    if (!this.isLoaded) throw new Error('run without a guest');
    return this.loop.run(budget);
  }

  /** What lies between two instructions of the guest: the end of the run, virtual devices, interrupts; then the entry. */
  private enterGuest(): Exit | undefined {
    const { guest } = this;
    if (this.takePause()) return { kind: 'paused' };
    // A processor that shut down behind the instruction which pulled the RESET line is woken by it (SDM vol. 3, 6.15, Interrupt 8).
    if (guest.shutdownReason !== undefined && !guest.isResetWanted) return { kind: 'shutdown', eip: guest.processor.state[Word.EIP] >>> 0, detail: guest.shutdownReason };
    // A single-step trap of the instruction that ended the run is taken before the end.
    if (guest.pending === undefined) {
      const end = this.takeEnd();
      if (end !== undefined) return end;
    }
    const endsNext = guest.isPoweredOff || guest.isResetWanted;
    if (!endsNext && !guest.settle()) return { kind: 'halted' };
    if (this.takePause()) return { kind: 'paused' };
    this.switch.enter();
    this.loop.awaitsEntry = false;
    if (!endsNext) return undefined;
    if (guest.isPoweredOff || !this.hasFirmware) return this.takeEnd();
    // Back to the VMM, which resets the guest.
    if (this.switch.isGuestRunning) exitV386(this.machine.processor, 'interrupt');
    return undefined;
  }

  private takePause(): boolean {
    const { isPauseWanted } = this;
    this.isPauseWanted = false;
    return isPauseWanted;
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

  // ---- what devices that are allocated to the guest do while it runs

  private get mayDevicesAct(): boolean { return !this.devices.isEmpty && this.switch.isGuestRunning; }
  /** Their next interrupt may come earlier than what the preemption timer was set to. */
  private deadlineMoved(): void {
    if (this.mayDevicesAct) this.exitAt(this.clock.toMachineTime(this.guest.deadline));
  }
  /** An interrupt of theirs goes to the VMM. */
  private deviceInterrupted(): void {
    if (!this.mayDevicesAct) return;
    this.counters.deviceInterrupts++;
    this.exitAt(this.machine.processor.now());
  }
  /** The guest exits at the first instruction boundary at a machine time, or earlier. */
  private exitAt(time: number): void {
    const { processor } = this.machine;
    if (time >= loadFloat(processor.state, Word.V386_DEADLINE)) return;
    storeFloat(processor.state, Word.V386_DEADLINE, time);
    processor.attention = true;
  }

  /** Called by a device: while the VMM has the processor or, if the device is allocated to the guest, while the guest has it. */
  pause(): void {
    this.isPauseWanted = true;
    if (this.switch.isGuestRunning) this.exitAt(this.machine.processor.now());
  }
  receive(byte: number): boolean { return this.acceptInput(this.guest.pc.offerInput(byte)); }
  type(text: string): boolean { return this.acceptInput(this.guest.pc.keyboard?.type(text) === true); }
  /** Input is an interrupt of the host's: it takes the processor from the guest, and the VMM looks at its virtual devices. */
  private acceptInput(accepted: boolean): boolean {
    if (accepted && this.switch.isGuestRunning) exitV386(this.machine.processor, 'interrupt');
    return accepted;
  }
  screen(): readonly string[] { return showScreen(this.platform); }
  inspect(): GuestView { return guestView(this.switch.guestState(), this.machine.memory.counts, (address, count) => this.platform.readPhysical(address, count)); }
  get retired(): number { return this.clock.retired; }

  counts(): EventCounts {
    const { retired, idle } = this.clock;
    const { idle: _machineIdle, ...silicon } = this.machine.counts();
    const direct = retired - this.counters.interpreted;
    return { ...silicon, ...(idle === 0 ? {} : { idle }), retired, direct, ...this.counters.counts(), ...this.deviceServer.counts(), ...this.io.counts() };
  }
  region(): Region | undefined { return this.recorder.region; }
  fingerprint(digest?: Digest): Fingerprint {
    const { memory, processor } = this.guest;
    return fingerprintOf(this.switch.isGuestRunning ? this.machine.processor.state : processor.state, memory.digest(digest));
  }
  neighbourChanges(): readonly number[] { return this.neighbour.changes(); }

  /** A FERR# of the guest's x87 unit: its interrupt is a virtual device's, so the VMM gets the processor at the next instruction boundary. */
  private reportFloatingPointError(): boolean {
    const { processor } = this.machine;
    const isIgnored = this.guest.pc.coprocessor.reported(processor.state[Word.X87_FIP]);
    if (isIgnored) return true;
    storeFloat(processor.state, Word.V386_DEADLINE, processor.now());
    processor.attention = true;
    return false;
  }
}
