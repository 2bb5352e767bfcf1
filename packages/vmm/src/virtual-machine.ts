import { Debug6, Flag, instructionBreakpoints, Segment, Vector, Word, type CpuModelName } from '@ringbench/isa';
import { createPc, equipmentOf, INTERRUPTS_AT_ONE_BOUNDARY, MOST_DEADLINES_ASLEEP, type Pc, type PcEquipment } from '@ringbench/machine';
import type { VmmCounters } from './counters.js';
import type { GuestClock } from './guest-clock.js';
import type { GuestMemory } from './guest-memory.js';
import { Interpreter } from './interpreter.js';
import { guestDeviceMemory } from './devices/guest-device-memory.js';
import { VirtualProcessor } from './virtual-processor.js';

/** An event that the guest must take before its next instruction. */
export type PendingEvent =
  | { readonly kind: 'exception'; readonly vector: number; readonly errorCode: number }
  | { readonly kind: 'interrupt'; readonly vector: number };

export interface VirtualMachineOptions extends PcEquipment {
  readonly memory: GuestMemory;
  readonly clock: GuestClock;
  readonly counters: VmmCounters;
  /** Guest physical memory in bytes, as the CMOS reports it. */
  readonly memoryBytes: number;
  /** Which processor the guest sees; default DEFAULT_CPU_MODEL. */
  readonly cpu?: CpuModelName;
  /** Called for each write to the marker port that the VMM interprets. */
  readonly onMarker: (value: number) => void;
  /** The guest switched address line 20, and its memory is decoded differently from now on. */
  readonly onLine20?: () => void;
  /** See `VirtualProcessorOptions`; also told of what virtual devices write. */
  readonly onStore?: (page: number, offset: number, bytes: number) => void;
  readonly onPagingChanged?: () => void;
  readonly onPageInvalidated?: (linear: number) => void;
  /** A device has an earlier deadline than before, or raised the interrupt pin: news while the guest has the processor, which only devices allocated to it can bring. */
  readonly onDeadlineMoved?: () => void;
  readonly onInterruptRaised?: () => void;
}

/**
 * A virtual machine as its VMM holds it while the guest does not run: processor state, devices on guest time, and what the guest must take
 * next. How the guest runs is the core's business.
 */
export class VirtualMachine {
  readonly memory: GuestMemory;
  readonly clock: GuestClock;
  readonly pc: Pc;
  readonly processor: VirtualProcessor;
  readonly interpreter: Interpreter;
  readonly counters: VmmCounters;
  /** At most one: an exception comes before an interrupt, and the next interrupt waits for the interrupt window. */
  pending: PendingEvent | undefined = undefined;
  /** The status that the guest wrote to the debug-exit port, until `takePowerOff`. */
  private exitStatus: number | undefined = undefined;
  private interruptPin = false;
  /** Guest time of the last interrupt, and how many there were at that time. */
  private interruptedAt = -1;
  private interruptsThere = 0;
  /** Where the silicon delivers the guest's faults: why it gave the guest up. */
  shutdownReason: string | undefined = undefined;
  /** The guest pulled the reset line; the core decides what follows. */
  isResetWanted = false;

  constructor(options: VirtualMachineOptions) {
    this.memory = options.memory;
    this.clock = options.clock;
    this.counters = options.counters;
    const now = (): number => this.clock.now();
    this.pc = createPc({
      ...equipmentOf(options),
      now,
      ramBytes: options.memoryBytes,
      memory: guestDeviceMemory(options),
      onReset: () => (this.isResetWanted = true),
      onLine20: (enabled) => {
        this.memory.isLine20Enabled = enabled;
        options.onLine20?.();
      },
      onExit: (status) => (this.exitStatus = status),
      onInterruptPin: (asserted) => {
        this.interruptPin = asserted;
        if (asserted) options.onInterruptRaised?.();
      },
      onDeadlineChanged: () => options.onDeadlineMoved?.(),
    });
    this.processor = new VirtualProcessor({
      cpu: options.cpu, memory: options.memory, bus: this.pc.bus, now, onMarker: options.onMarker, counters: options.counters, onStore: options.onStore, onPagingChanged: options.onPagingChanged, onPageInvalidated: options.onPageInvalidated,
      onFloatingPointError: () => this.pc.coprocessor.reported(this.processor.state[Word.X87_FIP]),
    });
    this.interpreter = new Interpreter(this.processor);
  }

  /** The RESET line: devices and processor as after power-on, memory as it is. The core drops what it holds of the processor's state. */
  reset(): void {
    this.isResetWanted = false;
    this.shutdownReason = undefined;
    this.pending = undefined;
    this.pc.reset();
    this.processor.reset();
  }

  /** The guest powered the machine off. */
  get isPoweredOff(): boolean {
    return this.exitStatus !== undefined;
  }
  /** The status of the power-off, after which the guest may go on. Throws unless it is powered off. */
  takePowerOff(): number {
    const status = this.exitStatus;
    if (status === undefined) throw new Error('the guest is not powered off');
    this.exitStatus = undefined;
    return status;
  }

  /**
   * The interpreted instruction is complete: its time passes, and its debug traps follow, with those that a MOV SS before it held back and a single step if
   * TF was set when it began (SDM vol. 3, 17.3.1.2 and 17.3.1.4).
   */
  instructionCompleted(stepping: boolean): void {
    this.clock.instructionEmulated();
    this.counters.interpreted++;
    const { state } = this.processor;
    if (this.processor.debugInhibited) {
      state[Word.PENDING_DEBUG] |= this.processor.trapCause;
      this.processor.trapCause = 0;
      return;
    }
    const cause = state[Word.PENDING_DEBUG] | this.processor.trapCause | (stepping ? Debug6.BS : 0);
    state[Word.PENDING_DEBUG] = 0;
    this.processor.trapCause = 0;
    if (cause === 0) return;
    state[Word.DR + 6] |= cause;
    this.processor.halted = false;
    this.raiseException(Vector.DB, 0);
  }

  /** The interpreted instruction faulted: the guest takes the fault. */
  raiseFault(): void {
    const { faultVector, faultErrorCode } = this.processor;
    this.processor.clearFault();
    this.inject(faultVector, faultErrorCode);
  }

  /** The guest takes an exception before its next instruction. */
  raiseException(vector: number, errorCode: number): void {
    this.processor.noteFault();
    this.inject(vector, errorCode);
  }
  private inject(vector: number, errorCode: number): void {
    this.counters.injectedExceptions++;
    this.pending = { kind: 'exception', vector, errorCode };
  }

  /**
   * For a monitor that has the next instruction executed where the silicon meets no breakpoint: takes the fault of one on it (SDM vol. 3, 17.3.1.1), as
   * `Processor.takeInstructionBreakpoint` does. True if it did.
   */
  takeInstructionBreakpoint(): boolean {
    const { state, debugInhibited } = this.processor;
    if ((state[Word.FLAG_SYSTEM] & Flag.RF) !== 0 || state[Word.REPEATING] !== 0 || debugInhibited) return false;
    const hits = instructionBreakpoints(state, state[Word.BASE + Segment.CS] + state[Word.EIP]);
    if (hits === 0) return false;
    state[Word.DR + 6] |= hits;
    this.raiseException(Vector.DB, 0);
    return true;
  }

  /**
   * Does what the machine does between two instructions: devices act, a pending interrupt is acknowledged if the guest can take it, and a halted guest
   * sleeps until one comes. False when nothing can wake it.
   */
  settle(): boolean {
    for (let slept = 0; ; slept++) {
      this.fireDue();
      if (this.interruptPin && this.pending === undefined && this.canTakeInterrupt() && !this.tooManyInterrupts) {
        this.noteInterrupt();
        this.processor.halted = false;
        this.counters.injectedInterrupts++;
        this.pending = { kind: 'interrupt', vector: this.pc.pic.acknowledge() };
      }
      if (!this.processor.halted) return true;
      if (slept >= MOST_DEADLINES_ASLEEP || !this.sleep()) return false;
    }
  }

  /** After so many interrupts at one guest time an instruction must be executed first, as on the machine itself. */
  private get tooManyInterrupts(): boolean {
    return this.interruptedAt === this.clock.now() && this.interruptsThere >= INTERRUPTS_AT_ONE_BOUNDARY;
  }
  private noteInterrupt(): void {
    const now = this.clock.now();
    this.interruptsThere = now === this.interruptedAt ? this.interruptsThere + 1 : 1;
    this.interruptedAt = now;
  }

  /** The core must come back as soon as the guest could take an interrupt. */
  get awaitsInterruptWindow(): boolean {
    return this.interruptPin && !this.tooManyInterrupts;
  }

  /** Guest time at which the core must come back at the latest; Infinity for never. */
  get deadline(): number {
    return this.interruptPin && this.tooManyInterrupts ? this.clock.now() + 1 : this.pc.clock.nextDeadline();
  }

  private canTakeInterrupt(): boolean {
    return (this.processor.state[Word.FLAG_SYSTEM] & Flag.IF) !== 0 && !this.processor.interruptsInhibited;
  }

  private fireDue(): void {
    const now = this.clock.now();
    if (this.pc.clock.nextDeadline() > now) return;
    this.counters.timerDeadlines++;
    this.pc.clock.fireDue(now);
  }

  /** Guest time passes to the next deadline; false when nothing can wake the guest: no deadline is left, or interrupts are off. */
  private sleep(): boolean {
    const next = this.pc.clock.nextDeadline();
    if (next === Infinity || !this.canTakeInterrupt()) return false;
    this.clock.sleepUntil(Math.max(next, this.clock.now()));
    return true;
  }
}
