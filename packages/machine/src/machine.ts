import { awaitsInterruptWindow, canTakeInterrupt, Debug6, deliverFault, deliverHardwareInterrupt, eventIndex, exitV386, Flag, loadFloat, SILICON_EVENTS, Vector, wantsInterruptWindow, Word } from '@ringbench/isa';
import { createPc, type Pc } from './devices/pc.js';
import type { Executor } from './executor.js';
import { MachineMemory } from './memory.js';
import type { MmuOptions } from './mmu/mmu.js';
import { Processor } from './processor.js';

/** Why a machine stopped running. */
export type MachineStop =
  | { readonly kind: 'budget' }
  /** `pause` was called. */
  | { readonly kind: 'paused' }
  | { readonly kind: 'halted' }
  /** Nothing but a reset brings the processor back; `detail` says what led there. */
  | { readonly kind: 'shutdown'; readonly detail: string }
  | { readonly kind: 'exit'; readonly status: number }
  | { readonly kind: 'trap-page' };

export interface MachineOptions {
  readonly ramBytes: number;
  readonly mmu?: MmuOptions;
  /** What the processor has, bits of `Feature`; default DEFAULT_FEATURES. */
  readonly features?: number;
  readonly onConsole?: (byte: number) => void;
  /** Called for each write to the marker port. */
  readonly onMarker?: (value: number) => void;
  readonly createExecutor: (processor: Processor) => Executor;
}

/**
 * Longest slice given to an executor. WebAssembly code that V8 compiles better in the meantime is entered anew only at a call, so the loop must return now and then.
 */
const LONGEST_SLICE = 4_000_000;
/**
 * How many device deadlines a halted processor may sleep through. Periodic devices whose interrupts are masked would otherwise keep the driver busy for
 * ever; no guest that means to wake up sleeps through so many (a day has 1.6 million ticks of the PC's timer).
 */
export const MOST_DEADLINES_ASLEEP = 1 << 22;
const RETIRED = eventIndex('retired');
const IDLE = eventIndex('idle');
const INTERRUPT_SOFTWARE = eventIndex('interrupt.software');
const DEBUG_EXCEPTION = eventIndex(`exception.${Vector.DB}`);
/**
 * Interrupts taken between two instructions. Each of a PC's 15 inputs can nest in the others once where handlers are entered with IF set; more come
 * only from level-triggered inputs that acknowledge themselves, and would keep every instruction from being executed.
 */
export const INTERRUPTS_AT_ONE_BOUNDARY = 15;

/** A PC: processor, memory, devices, and the loop that runs them on the instruction clock. */
export class Machine {
  readonly memory: MachineMemory;
  readonly processor: Processor;
  readonly pc: Pc;
  readonly executor: Executor;
  private exitStatus: number | undefined;
  private idle = 0;
  private interruptedAt = -1;
  private interruptsThere = 0;

  constructor(options: MachineOptions) {
    this.memory = new MachineMemory(options.ramBytes);
    const { mmu, features, onMarker = () => {} } = options;
    this.processor = new Processor({ memory: this.memory, onMarker, ...(mmu === undefined ? {} : { mmu }), ...(features === undefined ? {} : { features }) });
    this.pc = createPc({
      now: () => this.processor.now(),
      ramBytes: options.ramBytes,
      ...(options.onConsole === undefined ? {} : { onConsole: options.onConsole }),
      onExit: (status) => {
        this.exitStatus = status;
        this.processor.attention = true;
      },
      onInterruptPin: (asserted) => this.setInterruptPin(asserted),
      onDeadlineChanged: () => (this.processor.attention = true),
    });
    this.processor.connect(this.pc.bus);
    this.executor = options.createExecutor(this.processor);
  }

  /** Guest instructions completed since the machine was made. */
  get retired(): number { return this.processor.now() - this.idle; }

  /** Event counts by name; events that never happened are left out. */
  counts(): Record<string, number> {
    this.memory.counts[RETIRED] = this.retired;
    this.memory.counts[IDLE] = this.idle;
    const counts: Record<string, number> = {};
    SILICON_EVENTS.forEach(({ name }, index) => {
      if (this.memory.counts[index] !== 0) counts[name] = this.memory.counts[index];
    });
    return counts;
  }

  /** Runs until `budget` instructions have retired or something stops the machine. It can be called again. */
  run(budget: number): MachineStop {
    const end = this.retired + budget;
    for (;;) {
      const stop = this.settleBoundary();
      if (stop !== undefined) return stop;
      const left = end - this.retired;
      if (left <= 0) return { kind: 'budget' };
      const stepping = (this.processor.state[Word.FLAG_SYSTEM] & Flag.TF) !== 0;
      const before = this.processor.now();
      const { diversions } = this;
      if (this.executor.execute(this.sliceLength(left)) === 'trap-page') return { kind: 'trap-page' };
      if (stepping && this.processor.now() !== before && this.diversions === diversions) this.trapSingleStep();
    }
  }

  /** Exceptions and INT instructions so far. They clear TF, and no single-step trap follows them (SDM vol. 3, 17.3.1.4). */
  private get diversions(): number {
    const { counts } = this.memory;
    return this.processor.faultsTaken + counts[INTERRUPT_SOFTWARE] + counts[DEBUG_EXCEPTION];
  }

  /**
   * After an instruction that began with TF set (SDM vol. 3, 17.3.1.4), unless it casts a shadow (`Silicon.inhibitInterrupts`). A debug exception
   * ends HLT (SDM vol. 2, HLT).
   */
  private trapSingleStep(): void {
    if (this.processor.interruptsInhibited) return;
    this.processor.halted = false;
    this.processor.state[Word.DR + 6] |= Debug6.BS; // SDM vol. 3, 17.2.3
    deliverFault(this.processor, Vector.DB, 0);
  }

  /** Ends the run at the next instruction boundary; for callbacks that `run` calls. */
  pause(): void {
    this.isPauseWanted = true;
    this.processor.attention = true;
  }
  private isPauseWanted = false;

  /** Everything that may happen between two instructions; a stop when none can follow. */
  private settleBoundary(): MachineStop | undefined {
    const { processor, pc } = this;
    let slept = 0;
    for (;;) {
      if (this.isPauseWanted) {
        this.isPauseWanted = false;
        return { kind: 'paused' };
      }
      if (this.exitStatus !== undefined) {
        const status = this.exitStatus;
        this.exitStatus = undefined;
        return { kind: 'exit', status };
      }
      if (processor.livelocked) processor.endLivelock();
      if (processor.inShutdown) return { kind: 'shutdown', detail: processor.shutdownReason };
      pc.clock.fireDue(processor.now());
      if (this.takeEvent()) continue;
      if (!processor.halted) {
        this.showInterruptPin();
        return undefined;
      }
      if (++slept > MOST_DEADLINES_ASLEEP || !this.wait()) return { kind: 'halted' };
    }
  }

  private get v386Deadline(): number { return loadFloat(this.processor.state, Word.V386_DEADLINE); }

  /** Takes an interrupt or a V386 exit that is due; true if it did. */
  private takeEvent(): boolean {
    const { processor } = this;
    if (processor.state[Word.IN_V386] !== 0) return this.takeV386Event();
    if (!this.pinAsserted || processor.interruptsInhibited || !canTakeInterrupt(processor) || this.tooManyInterrupts()) return false;
    processor.halted = false;
    deliverHardwareInterrupt(processor, this.pc.pic.acknowledge());
    return true;
  }
  private tooManyInterrupts(): boolean {
    const now = this.processor.now();
    this.interruptsThere = now === this.interruptedAt ? this.interruptsThere + 1 : 1;
    this.interruptedAt = now;
    return this.interruptsThere > INTERRUPTS_AT_ONE_BOUNDARY;
  }
  private takeV386Event(): boolean {
    const { processor } = this;
    if (processor.now() >= this.v386Deadline) exitV386(processor, 'timer');
    else if (this.pinAsserted) exitV386(processor, 'interrupt');
    else if (wantsInterruptWindow(processor)) exitV386(processor, 'interrupt-window');
    else return false;
    processor.halted = false;
    return true;
  }

  /** Lets time pass to the next deadline of a halted processor; false when nothing can wake it: no deadline is left, or interrupts are off. */
  private wait(): boolean {
    const { processor, pc } = this;
    if (!canTakeInterrupt(processor)) return false;
    const next = Math.min(pc.clock.nextDeadline(), this.v386Deadline);
    if (next === Infinity) return false;
    const units = Math.max(0, next - processor.now());
    processor.skip(units);
    this.idle += units;
    return true;
  }

  /**
   * Up to the next deadline. An interrupt that waits for IF needs no short slice, because whatever sets IF asks for attention; one that
   * waits for the end of an interrupt shadow does, and one that comes too thick and fast.
   */
  private sliceLength(left: number): number {
    const { processor, pc } = this;
    const inShadow = processor.state[Word.INTERRUPT_PIN] !== 0 && processor.interruptsInhibited;
    const waits = inShadow || (this.pinAsserted && canTakeInterrupt(processor));
    if (waits || (processor.state[Word.FLAG_SYSTEM] & Flag.TF) !== 0) return 1;
    const deadline = Math.min(pc.clock.nextDeadline(), this.v386Deadline);
    return Math.max(1, Math.min(left, deadline - processor.now(), LONGEST_SLICE));
  }

  private setInterruptPin(asserted: boolean): void {
    this.pinAsserted = asserted;
    if (asserted) this.processor.attention = true;
    else this.showInterruptPin();
  }
  private pinAsserted = false;

  /** Tells the executor whether something waits for IF: an interrupt or, in V386 mode, the host for the interrupt window. */
  private showInterruptPin(): void {
    const { processor } = this;
    processor.state[Word.INTERRUPT_PIN] = this.pinAsserted || awaitsInterruptWindow(processor) ? 1 : 0;
  }
}
