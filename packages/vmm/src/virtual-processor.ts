import { checksAlignment, CPU_MODELS, dataBreakpoints, DEFAULT_CPU_MODEL, eventIndex, resetProcessor, isMisaligned, portBreakpoints, Shutdown, SHUTDOWN_REASONS, SILICON_EVENTS, STATE_WORDS, Vector, Word, type CpuModelName, type Silicon } from '@ringbench/isa';
import { FAULTS_WITHOUT_PROGRESS, MARKER_PORT, PageWalker, type PortBus, type WalkedMemory } from '@ringbench/machine';
import type { VmmCounters } from './counters.js';

const PAGE_BYTES = 4096;
const PAGE_SHIFT = 12;
const OFFSET_MASK = PAGE_BYTES - 1;
const FAULTED = -1;

export interface VirtualProcessorOptions {
  readonly memory: WalkedMemory;
  /** Which processor the guest sees; default DEFAULT_CPU_MODEL. */
  readonly cpu?: CpuModelName;
  /** The ports of the virtual devices. */
  readonly bus: PortBus;
  /** Guest time before the guest's current instruction. */
  readonly now: () => number;
  /** A byte was written to the marker port. */
  readonly onMarker: (value: number) => void;
  readonly counters: VmmCounters;
  /** An interpreted instruction, or the delivery of an event, wrote to a page of the guest's memory. For monitors whose structures follow the guest's tables. */
  readonly onStore?: (page: number, offset: number, bytes: number) => void;
  /** An interpreted x87 instruction asserts FERR#: see `Silicon.floatingPointError`. Without, IGNNE# is always asserted. */
  readonly onFloatingPointError?: () => boolean;
  /** INVLPG was executed. */
  readonly onPageInvalidated?: (linear: number) => void;
  /** CR0, CR3 or CR4 were loaded so that translations may have changed. */
  readonly onPagingChanged?: () => void;
}

const INTERRUPT_SOFTWARE = eventIndex('interrupt.software');
/** INT1's, as it is delivered by the instruction itself. */
const DEBUG_EXCEPTION = eventIndex('exception.1');
/** Of what is delivered between two instructions. INT n is an instruction, and interpreted as one. */
const DELIVERIES = SILICON_EVENTS.flatMap(({ name }, index) => (name.startsWith('exception.') || name === 'interrupt.hardware' ? [index] : []));

/** Page number of the linear page after this one, modulo 4 GB. */
const nextPage = (linear: number): number => ((linear | OFFSET_MASK) + 1) | 0;

/**
 * A guest's processor while its instructions are interpreted by the VMM: the `Silicon` on which the instruction's one definition (isa's system
 * procedures) runs. Memory goes through the guest's own page tables, walked in software and without a TLB; ports lead to virtual devices.
 * A fault is recorded for the VMM to raise in the guest.
 */
export class VirtualProcessor implements Silicon {
  readonly state = new Int32Array(STATE_WORDS);
  halted = false;
  /** The guest's next instruction runs in an interrupt shadow. */
  interruptsInhibited = false;
  /** And debug exceptions are held back too. */
  debugInhibited = false;
  /** DR6 bits of the traps that the interpreted instruction has caused; the VMM raises them when it is complete. */
  trapCause = 0;
  faulted = false;
  faultVector = 0;
  faultErrorCode = 0;
  /** After a triple fault, or faults without end. */
  inShutdown = false;
  /** More faults than one instruction may have are on their way or delivered. */
  livelocked = false;
  /** Why it is in shutdown; meaningless before. */
  shutdownReason = 'triple fault';
  /** The interpreted instruction entered a handler: no single-step trap follows it (SDM vol. 3, 17.3.1.4). */
  diverted = false;
  /** What this processor did in software since it was made, by numbers of SILICON_EVENTS: interrupts and exceptions delivered, privilege changes. No event of the silicon. */
  readonly events = new Float64Array(SILICON_EVENTS.length);
  /** Guest time of the last fault that was delivered here, and how many there were at that time. */
  private faultedAt = -1;
  private faultsThere = 0;
  private readonly onPagingChanged: (() => void) | undefined;
  private readonly onPageInvalidated: ((linear: number) => void) | undefined;
  private readonly onFloatingPointError: () => boolean;
  private readonly onStore: ((page: number, offset: number, bytes: number) => void) | undefined;
  private readonly memory: WalkedMemory;
  private readonly bus: PortBus;
  private readonly onMarker: (value: number) => void;
  private readonly counters: VmmCounters;
  private readonly walker: PageWalker;
  readonly now: () => number;

  constructor(options: VirtualProcessorOptions) {
    this.memory = options.memory;
    this.bus = options.bus;
    this.now = options.now;
    this.onMarker = options.onMarker;
    this.counters = options.counters;
    this.onStore = options.onStore;
    this.onPageInvalidated = options.onPageInvalidated;
    this.onFloatingPointError = options.onFloatingPointError ?? (() => true);
    this.onPagingChanged = options.onPagingChanged;
    this.state[Word.FEATURES] = CPU_MODELS[options.cpu ?? DEFAULT_CPU_MODEL].features;
    // The silicon does not count what software reads.
    this.walker = new PageWalker({ state: this.state, counts: new Float64Array(SILICON_EVENTS.length) }, options.memory);
  }

  // ---- memory

  load(linear: number, bytes: 1 | 2 | 4, system: boolean): number {
    const offset = linear & OFFSET_MASK;
    if (this.refusesAlignment(linear, bytes, system)) return 0;
    this.debugTrap(dataBreakpoints(this.state, linear, bytes, false));
    const page = this.translate(linear, false, system);
    if (page < 0) return 0;
    if (offset + bytes <= PAGE_BYTES) return this.memory.read(page, offset, bytes);
    const high = this.translate(nextPage(linear), false, system);
    if (high < 0) return 0;
    let value = 0;
    for (let i = 0; i < bytes; i++) {
      const at = offset + i;
      value |= this.memory.read(at < PAGE_BYTES ? page : high, at & OFFSET_MASK, 1) << (8 * i);
    }
    return value;
  }

  store(linear: number, bytes: 1 | 2 | 4, value: number, system: boolean): void {
    const offset = linear & OFFSET_MASK;
    if (this.refusesAlignment(linear, bytes, system)) return;
    this.debugTrap(dataBreakpoints(this.state, linear, bytes, true));
    const page = this.translate(linear, true, system);
    if (page < 0) return;
    if (offset + bytes <= PAGE_BYTES) {
      this.memory.write(page, offset, bytes, value);
      this.onStore?.(page, offset, bytes);
      return;
    }
    const high = this.translate(nextPage(linear), true, system);
    if (high < 0) return;
    this.onStore?.(page, offset, PAGE_BYTES - offset);
    this.onStore?.(high, 0, offset + bytes - PAGE_BYTES);
    for (let i = 0; i < bytes; i++) {
      const at = offset + i;
      this.memory.write(at < PAGE_BYTES ? page : high, at & OFFSET_MASK, 1, value >>> (8 * i));
    }
  }

  probeWrite(linear: number, bytes: number, system: boolean): void {
    if (this.refusesAlignment(linear, bytes, system)) return;
    this.debugTrap(dataBreakpoints(this.state, linear, bytes, true));
    if (this.translate(linear, true, system) >= 0 && (linear & OFFSET_MASK) + bytes > PAGE_BYTES) this.translate(nextPage(linear), true, system);
  }

  /** Guest-physical, as the processor itself sees it: no instruction that a VMM interprets today does this. */
  loadPhysical(physical: number): number {
    return this.memory.read(physical >>> PAGE_SHIFT, physical & OFFSET_MASK, 4);
  }
  storePhysical(physical: number, value: number): void {
    this.memory.write(physical >>> PAGE_SHIFT, physical & OFFSET_MASK, 4, value);
  }
  loadPhysicalWords(physical: number, words: Int32Array, first: number, count: number): void {
    for (let index = 0; index < count; index++) words[first + index] = this.loadPhysical(physical + 4 * index);
  }
  storePhysicalWords(physical: number, words: Int32Array, first: number, count: number): void {
    for (let index = 0; index < count; index++) this.storePhysical(physical + 4 * index, words[first + index]);
  }

  /** #AC(0), as on the silicon (SDM vol. 3, 6.15, Interrupt 17). */
  private refusesAlignment(linear: number, bytes: number, system: boolean): boolean {
    return !system && checksAlignment(this.state) && isMisaligned(linear, bytes) && !this.raise(Vector.AC, 0);
  }

  /** Guest page number for an access, or -1 when the guest's tables refuse it. */
  private translate(linear: number, write: boolean, system: boolean): number {
    const entry = this.walker.walk(linear, write, !system && this.state[Word.CPL] === 3, false);
    if (entry !== 0) return entry >>> PAGE_SHIFT;
    this.state[Word.CR2] = linear;
    this.raise(Vector.PF, this.walker.faultError);
    return FAULTED;
  }

  // ---- faults

  raise(vector: number, errorCode: number): false {
    this.faulted = true;
    this.faultVector = vector;
    this.faultErrorCode = errorCode;
    return false;
  }
  clearFault(): void {
    if (this.faulted) this.noteFault();
    this.faulted = false;
    this.trapCause = 0;
  }
  /** A fault is on its way into the guest, which takes it whatever their number: too many end at the next boundary (`endLivelock`), as on the machine. */
  noteFault(): void {
    this.faultsInARow++;
  }
  /** Faults since the guest last completed an instruction; also those that it took while it had the silicon, if a monitor says so. */
  get faultsInARow(): number { return this.now() === this.faultedAt ? this.faultsThere : 0; }
  set faultsInARow(count: number) {
    this.faultsThere = count;
    this.faultedAt = this.now();
    this.livelocked = count > FAULTS_WITHOUT_PROGRESS;
  }
  /** The guest only ever faults: it is given up. */
  endLivelock(): void {
    this.livelocked = false;
    this.faultsThere = 0;
    this.shutdown(SHUTDOWN_REASONS[Shutdown.LIVELOCK]);
  }

  /** The RESET pin. */
  reset(): void {
    this.faulted = false;
    this.halted = false;
    this.inShutdown = false;
    this.livelocked = false;
    this.interruptsInhibited = false;
    this.debugInhibited = false;
    this.trapCause = 0;
    resetProcessor(this, 'reset');
  }

  // ---- what changed: nothing here is derived from the state, and there is no TLB; a monitor's shadow tables may be

  privilegeChanged(): void {}
  segmentChanged(_segment: number): void {}
  pagingChanged(): void { this.onPagingChanged?.(); }
  flushTranslations(): void {}
  invalidatePage(linear: number): void { this.onPageInvalidated?.(linear); }
  interruptFlagChanged(): void {}
  inhibitInterrupts(debugToo: boolean): void {
    this.interruptsInhibited = true;
    this.debugInhibited = debugToo;
  }
  debugRegistersChanged(): void {}
  debugTrap(cause: number): void {
    this.trapCause |= cause;
  }
  alignmentChanged(): void {}
  settleResumption(): void {}
  floatingPointError(): boolean { return this.onFloatingPointError(); }
  halt(): void {
    this.halted = true;
  }
  /** Where the monitor delivers faults in software; with V386 mode the silicon does. */
  shutdown(reason = 'triple fault'): void {
    this.inShutdown = true;
    this.shutdownReason = reason;
  }
  /** Exceptions and hardware interrupts that were delivered here. */
  get deliveries(): number { return DELIVERIES.reduce((sum, event) => sum + this.events[event], 0); }
  count(event: number): void {
    this.events[event]++;
    if (event === INTERRUPT_SOFTWARE || event === DEBUG_EXCEPTION) this.diverted = true;
  }

  // ---- ports

  portRead(port: number, bytes: 1 | 2 | 4): number {
    this.counters.deviceAccesses++;
    this.debugTrap(portBreakpoints(this.state, port, bytes));
    return this.bus.read(port, bytes);
  }
  portWrite(port: number, bytes: 1 | 2 | 4, value: number): void {
    if (port === MARKER_PORT && bytes === 1) {
      this.onMarker(value & 0xff);
      return;
    }
    this.counters.deviceAccesses++;
    this.debugTrap(portBreakpoints(this.state, port, bytes));
    this.bus.write(port, bytes, value);
  }
}
