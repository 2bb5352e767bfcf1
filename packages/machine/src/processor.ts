import { Access, CPU_MODELS, CR0, DEFAULT_CPU_MODEL, Feature, Flag, Segment, Vector, SHUTDOWN_REASONS, Shutdown, V386Access, Word, deliverFault, eventIndex, exitV386, hasInstructionBreakpoints, instructionBreakpoints, portBreakpoints, raiseSecondLevelViolation, resetProcessor, resetX87, segmentAllows, storeFloat, type CpuModelName, type ResetKind, type Silicon } from '@ringbench/isa';
import type { PortBus } from './bus.js';
import { Region } from './layout.js';
import type { MachineMemory } from './memory.js';
import { Mmu, NO_VECTOR, type MmuOptions } from './mmu/mmu.js';
import { MARKER_PORT } from './ports.js';

const PAGE_MASK = 0xfff;
const PAGE_BYTES = 4096;
/** READ_TOP and WRITE_TOP of a segment without limit (state.ts): the last seven bytes go the slow way. */
const UNLIMITED_TOP = -8;
/** ES, CS, SS and DS, one bit each. */
const ALL_FLAT = 15;
const USER_LEVEL = 3;
const PORT_READ = eventIndex('port.read');
const PORT_WRITE = eventIndex('port.write');

/** True when a translation-table entry does not serve an access: absent, or the access crosses the page (layout.ts, NO_ENTRY). */
function misses(linear: number, entry: number, bytes: number): boolean {
  return bytes === 1 ? (entry & PAGE_MASK) !== 0 : (linear & PAGE_MASK) + (entry & PAGE_MASK) > PAGE_BYTES - bytes;
}

/**
 * Faults in a row without one completed instruction, after which the processor is given up: an exception handler whose first instruction raises the
 * exception again never comes to an end, and guest time, which is completed instructions, stands still meanwhile. Monitors that deliver faults put up with as
 * many.
 */
export const FAULTS_WITHOUT_PROGRESS = 1 << 16;

/** What a processor has unless told otherwise. */
export const DEFAULT_FEATURES = CPU_MODELS[DEFAULT_CPU_MODEL].features | Feature.V386;

/** What a processor needs from its surroundings. */
export interface ProcessorOptions {
  readonly memory: MachineMemory;
  readonly mmu?: MmuOptions;
  /** Which processor this is, with V386 mode besides; default DEFAULT_CPU_MODEL. */
  readonly cpu?: CpuModelName;
  /** What it has, bits of `Feature`, instead of what `cpu` says. */
  readonly features?: number;
  /** A byte was written to the marker port. */
  readonly onMarker: (value: number) => void;
}

/** How code is to be decoded and run now; changes with segment loads. */
export class ExecutionContext {
  code32 = false;
  stack32 = false;
  flat = false;
  /** Bits of `Feature`, constant. */
  features = DEFAULT_FEATURES;
}

/**
 * One processor's state and its link to memory, ports and the outside: the `Silicon` of the system procedures. It does not execute; an `Executor`
 * does that on it.
 */
export class Processor implements Silicon {
  readonly state: Int32Array;
  readonly memory: MachineMemory;
  readonly mmu: Mmu;
  readonly context = new ExecutionContext();
  /** An executor must return to the driver at the next instruction boundary. */
  attention = false;
  halted = false;
  inShutdown = false;
  /** Why it is in shutdown; meaningless before. */
  shutdownReason = 'triple fault';
  /** Recorded faults that were taken, by whatever path, so far. */
  faultsTaken = 0;
  /** Faults follow each other without an instruction between them: the driver must end that. */
  livelocked = false;
  /** Instruction clock at the end of the current slice; BUDGET counts down to it. */
  sliceEnd = 0;
  /** Instructions of the current block that were charged but are not yet complete, while a system procedure runs. */
  uncompleted = 0;
  /** A breakpoint on an instruction is armed: the driver looks before each. */
  watchesInstructions = false;
  /** The FERR# pin (`Silicon.floatingPointError`): a PC leads it to IRQ 13. Returns whether IGNNE# is asserted. */
  onFloatingPointError: () => boolean = () => true;
  private inhibitedAt = -1;
  private debugInhibitedAt = -1;
  /** DR6 bits of the traps that the current instruction has caused so far. */
  private trapCause = 0;
  private faultedAt = -1;
  private faultsThere = 0;
  private wasInV386 = false;
  private raised = false;
  private raisedVector = 0;
  private raisedError = 0;
  /** Set by `connect`: the devices need the processor's clock before it can have their bus. */
  private bus: PortBus | undefined;
  private readonly onMarker: (value: number) => void;

  constructor(options: ProcessorOptions) {
    this.memory = options.memory;
    this.state = options.memory.state;
    this.onMarker = options.onMarker;
    this.mmu = new Mmu(options.memory, options.mmu);
    const features = options.features ?? (CPU_MODELS[options.cpu ?? DEFAULT_CPU_MODEL].features | Feature.V386);
    this.mmu.checks.onBreakpoint = (hits) => this.debugTrap(hits);
    this.state[Word.FEATURES] = features;
    this.context.features = features;
    resetX87(this.state);
    this.state[Word.FLAG_SYSTEM] = Flag.FIXED;
    storeFloat(this.state, Word.V386_DEADLINE, Infinity);
  }

  /** Puts the processor on a bus; without one every port reads all ones. */
  connect(bus: PortBus): void { this.bus = bus; }

  // ---- time

  /** Instruction clock before the current instruction. */
  now(): number { return this.sliceEnd - this.state[Word.BUDGET] - this.uncompleted; }
  beginSlice(instructions: number): void {
    this.settleResumption();
    this.sliceEnd = this.now() + instructions;
    this.state[Word.BUDGET] = instructions;
    this.state[Word.RESUMED_AT] = instructions;
    this.attention = false;
  }
  /** Lets guest time pass without instructions. */
  skip(units: number): void { this.sliceEnd += units; }

  // ---- memory

  load(linear: number, bytes: 1 | 2 | 4, system: boolean): number {
    const table = system ? Region.DATA_READ_SUPERVISOR : this.state[Word.DATA_TLB];
    const entry = this.memory.words[(table >> 2) + (linear >>> 12)];
    if (misses(linear, entry, bytes)) return this.loadSlowly(linear, bytes, system);
    const host = (linear + entry) | 0;
    if (bytes === 4) return this.memory.view.getInt32(host, true);
    return bytes === 2 ? this.memory.view.getUint16(host, true) : this.memory.bytes[host];
  }
  store(linear: number, bytes: 1 | 2 | 4, value: number, system: boolean): void {
    const table = (system ? Region.DATA_READ_SUPERVISOR : this.state[Word.DATA_TLB]) + (Region.DATA_WRITE_SUPERVISOR - Region.DATA_READ_SUPERVISOR);
    const entry = this.memory.words[(table >> 2) + (linear >>> 12)];
    if (misses(linear, entry, bytes)) {
      if (!this.mmu.store(linear, bytes, value, !system && this.state[Word.CPL] === 3)) this.recordViolation();
      return;
    }
    const host = (linear + entry) | 0;
    if (bytes === 4) this.memory.view.setInt32(host, value, true);
    else if (bytes === 2) this.memory.view.setUint16(host, value, true);
    else this.memory.bytes[host] = value;
  }
  private loadSlowly(linear: number, bytes: 1 | 2 | 4, system: boolean): number {
    const value = this.mmu.load(linear, bytes, !system && this.state[Word.CPL] === 3);
    if (this.mmu.faulted) this.recordViolation();
    return value;
  }
  probeWrite(linear: number, bytes: number, system: boolean): void {
    if (this.mmu.translateWrite(linear, bytes, !system && this.state[Word.CPL] === 3) < 0) this.recordViolation();
  }
  loadPhysical(physical: number): number { return this.mmu.loadPhysical(physical); }
  storePhysical(physical: number, value: number): void { this.mmu.storePhysical(physical, value); }
  loadPhysicalWords(physical: number, words: Int32Array, first: number, count: number): void { this.mmu.loadPhysicalWords(physical, words, first, count); }
  storePhysicalWords(physical: number, words: Int32Array, first: number, count: number): void { this.mmu.storePhysicalWords(physical, words, first, count); }

  /**
   * Linear address of an access in a segment. The fast bounds of state.ts settle most; the rest is checked as the manual says (SDM vol. 3, 5.3),
   * and a violation is #SS(0) for the stack segment, #GP(0) for others.
   */
  linear(segment: number, offset: number, bytes: number, write: boolean): number {
    const top = this.state[(write ? Word.WRITE_TOP : Word.READ_TOP) + segment];
    if (offset >>> 0 >= top >>> 0 && !segmentAllows(this.state, segment, offset, bytes, write)) this.raise(segment === Segment.SS ? Vector.SS : Vector.GP, 0);
    return (this.state[Word.BASE + segment] + offset) | 0;
  }

  // ---- faults

  get faulted(): boolean { return this.raised || this.mmu.faulted; }
  get faultVector(): number { return this.raised ? this.raisedVector : this.mmu.faultVector; }
  get faultErrorCode(): number { return this.raised ? this.raisedError : this.mmu.faultError; }
  raise(vector: number, errorCode: number): false {
    this.raised = true;
    this.raisedVector = vector;
    this.raisedError = errorCode;
    return false;
  }
  clearFault(): void {
    if (this.faulted && this.faultVector === Vector.V3 && this.state[Word.IN_V386] !== 0) this.noteExit();
    else if (this.faulted) this.noteFault();
    this.raised = false;
    this.trapCause = 0; // an instruction that faults has not happened
    if (this.mmu.faulted) this.mmu.clearFault();
  }
  /** Delivers the recorded fault through the guest's IDT, or as a V386 exit. EIP is the faulting instruction's. */
  deliverRecordedFault(): void {
    this.recordViolation();
    const vector = this.faultVector;
    const error = this.faultErrorCode;
    this.clearFault();
    deliverFault(this, vector, error);
  }
  /** Counts a fault on its way into the guest. Nothing is done about too many here, in the middle of a delivery. */
  private noteFault(): void {
    this.faultsTaken++;
    this.faultsInARow++;
  }
  /** An exit of V386 mode is no fault of the guest's. Whether it had too many is seen when it has the processor again (`faultsInARow`). */
  private noteExit(): void {
    this.faultsTaken++;
    this.livelocked = false;
  }
  /**
   * Faults since the last completed instruction. A monitor keeps those of its guest: its own instructions, which complete in between, are none of the
   * guest's.
   */
  get faultsInARow(): number { return this.now() === this.faultedAt ? this.faultsThere : 0; }
  set faultsInARow(count: number) {
    this.faultsThere = count;
    this.faultedAt = this.now();
    this.livelocked = count > FAULTS_WITHOUT_PROGRESS;
    if (this.livelocked) this.attention = true;
  }
  /** Ends a livelock: the guest of V386 mode is handed back to its VMM, else the processor shuts down. */
  endLivelock(): void {
    this.livelocked = false;
    this.faultsThere = 0;
    if (this.state[Word.IN_V386] !== 0) {
      exitV386(this, 'shutdown', Shutdown.LIVELOCK);
      return;
    }
    this.shutdown(SHUTDOWN_REASONS[Shutdown.LIVELOCK]);
  }
  /** Turns a refusal by the second-level translation, which is no fault of the guest's, into the exit that it causes. */
  private recordViolation(): void {
    if (this.raised || !this.mmu.faulted || this.mmu.faultVector !== NO_VECTOR) return;
    const { guestPhysical, linear, write, fetch, duringWalk, present } = this.mmu.violation;
    const user = this.state[Word.CPL] === 3;
    const access = (write ? V386Access.WRITE : 0) | (fetch ? V386Access.FETCH : 0) | (user ? V386Access.USER : 0) | (duringWalk ? V386Access.WALK : 0) | (present ? V386Access.PRESENT : 0);
    this.mmu.clearFault();
    raiseSecondLevelViolation(this, guestPhysical, linear, access);
  }

  // ---- debug exceptions

  debugTrap(cause: number): void {
    this.trapCause |= cause;
    this.attention = true;
  }
  /** For the driver, between two instructions: takes the debug trap that is due, with all of its causes (SDM vol. 3, 17.3.1.2 and 17.3.1.4). True if it did. */
  takeDebugTrap(): boolean {
    const { state } = this;
    state[Word.PENDING_DEBUG] |= this.trapCause;
    this.trapCause = 0;
    if (state[Word.PENDING_DEBUG] === 0 || this.debugInhibited) return false;
    const cause = state[Word.PENDING_DEBUG];
    state[Word.PENDING_DEBUG] = 0;
    this.deliverDebugException(cause);
    return true;
  }
  /** For the driver, before an instruction: takes the fault of a breakpoint on it (SDM vol. 3, 17.3.1.1). A repeated string instruction is met once. */
  takeInstructionBreakpoint(): boolean {
    const { state } = this;
    if ((state[Word.FLAG_SYSTEM] & Flag.RF) !== 0 || state[Word.REPEATING] !== 0 || this.debugInhibited) return false;
    const hits = instructionBreakpoints(state, state[Word.BASE + Segment.CS] + state[Word.EIP]);
    if (hits === 0) return false;
    this.deliverDebugException(hits);
    return true;
  }
  /** It ends HLT too (SDM vol. 2, HLT). */
  private deliverDebugException(cause: number): void {
    this.noteFault();
    this.halted = false;
    this.state[Word.DR + 6] |= cause;
    deliverFault(this, Vector.DB, 0);
  }
  debugRegistersChanged(): void {
    this.mmu.checks.debugRegistersChanged();
    const watched = this.watchesInstructions;
    this.watchesInstructions = hasInstructionBreakpoints(this.state);
    if (this.watchesInstructions !== watched) this.attention = true;
  }
  alignmentChanged(): void {
    this.mmu.checks.alignment = (this.state[Word.FLAG_SYSTEM] & Flag.AC) !== 0 && (this.state[Word.CR0] & CR0.AM) !== 0;
  }
  settleResumption(): void {
    const { state } = this;
    if ((state[Word.FLAG_SYSTEM] & Flag.RF) !== 0 && state[Word.BUDGET] + this.uncompleted !== state[Word.RESUMED_AT]) state[Word.FLAG_SYSTEM] &= ~Flag.RF;
  }
  floatingPointError(): boolean { return this.onFloatingPointError(); }

  // ---- pins

  /** The A20M# pin, not asserted: address bit 20 reaches the bus. */
  get a20Enabled(): boolean { return !this.mmu.a20Masked; }
  set a20Enabled(enabled: boolean) {
    this.mmu.a20Masked = !enabled;
    // Code behind the instruction that did it is fetched anew: an executor has decoded it from where it was, and how far depends on its slices.
    this.attention = true;
  }
  /** The RESET or the INIT pin (SDM vol. 3, 9.1). Time goes on. */
  reset(kind: ResetKind = 'reset'): void {
    this.clearFault();
    this.halted = false;
    this.inShutdown = false;
    this.livelocked = false;
    this.inhibitedAt = -1;
    this.debugInhibitedAt = -1;
    resetProcessor(this, kind);
    this.attention = true;
  }

  // ---- what changed

  privilegeChanged(): void {
    this.mmu.privilegeChanged();
    this.state[Word.TRAP_SENSITIVE] = this.state[Word.TRAP_SENSITIVE_OF_LEVEL + this.state[Word.CPL]];
  }
  /** The first of the slides' "x86 changes": sensitive unprivileged instructions fault in user mode. Off unless set. */
  set sensitiveTraps(on: boolean) {
    this.state[Word.TRAP_SENSITIVE_OF_LEVEL + USER_LEVEL] = on ? 1 : 0;
    this.privilegeChanged();
  }

  segmentChanged(segment: number): void {
    if (segment > Segment.DS) return;
    const { state, context } = this;
    const bit = 1 << segment;
    this.flatSegments = this.isFlat(segment) ? this.flatSegments | bit : this.flatSegments & ~bit;
    if (segment === Segment.CS) context.code32 = (state[Word.ACCESS + Segment.CS] & Access.BIG) !== 0;
    if (segment === Segment.SS) context.stack32 = (state[Word.ACCESS + Segment.SS] & Access.BIG) !== 0;
    const wasFlat = context.flat;
    context.flat = this.flatSegments === ALL_FLAT && context.code32 && context.stack32;
    // Code is decoded for one context: an executor must not go on in a block that a load of DS or ES has made wrong.
    if (context.flat !== wasFlat) this.attention = true;
  }
  /** One bit each for ES, CS, SS and DS: no base, no limit, and for data writable. */
  private flatSegments = 0;
  private isFlat(segment: number): boolean {
    const { state } = this;
    if (state[Word.BASE + segment] !== 0) return false;
    if (segment === Segment.CS) return state[Word.LIMIT + Segment.CS] === -1;
    return state[Word.READ_TOP + segment] === UNLIMITED_TOP && state[Word.WRITE_TOP + segment] === UNLIMITED_TOP;
  }
  pagingChanged(): void { this.mmu.pagingChanged(); }
  flushTranslations(): void { this.mmu.flushTranslations(); }
  invalidatePage(linear: number): void { this.mmu.invalidatePage(linear); }
  /** Entering and leaving V386 mode call this too. The mode has a deadline of its own: the slice in which it is entered must be measured anew. */
  interruptFlagChanged(): void {
    const inV386 = this.state[Word.IN_V386] !== 0;
    if (inV386 && !this.wasInV386) this.attention = true;
    this.wasInV386 = inV386;
    if (this.state[Word.INTERRUPT_PIN] !== 0 || (this.state[Word.FLAG_SYSTEM] & Flag.TF) !== 0) this.attention = true;
  }
  inhibitInterrupts(debugToo: boolean): void {
    this.inhibitedAt = this.now() + 1;
    if (debugToo) this.debugInhibitedAt = this.inhibitedAt;
  }
  get interruptsInhibited(): boolean { return this.inhibitedAt === this.now(); }
  get debugInhibited(): boolean { return this.debugInhibitedAt === this.now(); }
  halt(): void {
    this.halted = true;
    this.attention = true;
  }
  shutdown(reason = 'triple fault'): void {
    this.shutdownReason = reason;
    this.inShutdown = true;
    this.attention = true;
  }
  count(event: number): void { this.memory.counts[event]++; }

  // ---- ports

  portRead(port: number, bytes: 1 | 2 | 4): number {
    this.memory.counts[PORT_READ]++;
    this.notePortBreakpoints(port, bytes);
    return this.bus === undefined ? -1 : this.bus.read(port, bytes);
  }
  portWrite(port: number, bytes: 1 | 2 | 4, value: number): void {
    if (port === MARKER_PORT && bytes === 1) {
      this.onMarker(value & 0xff);
      return;
    }
    this.memory.counts[PORT_WRITE]++;
    this.notePortBreakpoints(port, bytes);
    this.bus?.write(port, bytes, value);
  }
  private notePortBreakpoints(port: number, bytes: number): void {
    const hits = portBreakpoints(this.state, port, bytes);
    if (hits !== 0) this.debugTrap(hits);
  }
}
