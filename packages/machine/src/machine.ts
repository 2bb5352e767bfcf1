import { awaitsInterruptWindow, canTakeInterrupt, Debug6, deliverFault, deliverHardwareInterrupt, deliverInterrupt, eventIndex, exitV386, Flag, loadFloat, SILICON_EVENTS, Vector, wantsInterruptWindow, Word, type CpuModelName } from '@ringbench/isa';
import { createPc, equipmentOf, type Pc, type PcEquipment } from './devices/pc.js';
import type { DeviceMemory } from './devices/requests.js';
import type { Executor } from './executor.js';
import { MachineMemory } from './memory.js';
import type { MemoryPool } from './memory-pool.js';
import type { Mmu, MmuOptions } from './mmu/mmu.js';
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
  /** The guest pulled the reset line; whoever runs the machine decides whether to `reset` it and go on. */
  | { readonly kind: 'reset' }
  | { readonly kind: 'trap-page' };

export interface MachineOptions extends PcEquipment {
  readonly ramBytes: number;
  /** Where the machine has its memory from; absent: it makes one. */
  readonly memories?: MemoryPool;
  readonly mmu?: MmuOptions;
  /** Which processor the machine has, with V386 mode besides; default DEFAULT_CPU_MODEL. */
  readonly cpu?: CpuModelName;
  /** What the processor has, bits of `Feature`, instead of what `cpu` says. */
  readonly features?: number;
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

/** What devices of the machine reach by themselves. */
function deviceMemory(mmu: Mmu, bytes: number): DeviceMemory {
  return { bytes, readPhysical: (address, count) => mmu.readPhysical(address, count), writePhysical: (address, written) => mmu.writePhysical(address, written) };
}

/** A PC: processor, memory, devices, and the loop that runs them on the instruction clock. */
export class Machine {
  readonly memory: MachineMemory;
  readonly processor: Processor;
  readonly pc: Pc;
  readonly executor: Executor;
  private exitStatus: number | undefined;
  private isResetWanted = false;
  private idle = 0;
  private interruptedAt = -1;
  private interruptsThere = 0;

  constructor(options: MachineOptions) {
    this.memory = options.memories?.take(options.ramBytes) ?? new MachineMemory(options.ramBytes);
    const { mmu, cpu, features, onMarker = () => {} } = options;
    this.processor = new Processor({ memory: this.memory, onMarker, ...(mmu === undefined ? {} : { mmu }), ...(cpu === undefined ? {} : { cpu }), ...(features === undefined ? {} : { features }) });
    this.pc = createPc({
      ...equipmentOf(options),
      now: () => this.processor.now(),
      ramBytes: options.ramBytes,
      memory: deviceMemory(this.processor.mmu, options.ramBytes),
      onExit: (status) => {
        this.exitStatus = status;
        this.processor.attention = true;
      },
      onReset: () => {
        this.isResetWanted = true;
        this.processor.attention = true;
      },
      onInterruptPin: (asserted) => this.setInterruptPin(asserted),
      onLine20: (enabled) => (this.processor.a20Enabled = enabled),
      onNmiMask: (masked) => (this.nmiMasked = masked),
      onDeadlineChanged: () => (this.processor.attention = true),
    });
    this.processor.connect(this.pc.bus);
    this.processor.onFloatingPointError = () => this.pc.coprocessor.reported(this.processor.state[Word.X87_FIP]);
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
      // After an instruction that began with TF set, unless it casts a shadow.
      const steps = stepping && this.processor.now() !== before && this.diversions === diversions && !this.processor.debugInhibited;
      if (steps) this.processor.debugTrap(Debug6.BS);
    }
  }

  /** Exceptions and INT instructions so far. They clear TF, and no single-step trap follows them (SDM vol. 3, 17.3.1.4). */
  private get diversions(): number {
    const { counts } = this.memory;
    return this.processor.faultsTaken + counts[INTERRUPT_SOFTWARE] + counts[DEBUG_EXCEPTION];
  }

  // ---- the processor's timer

  /**
   * A one-shot timer of the processor's own, as that of a local APIC (SDM vol. 3, 10.5.4), but counted in completed instructions: an interrupt through
   * `vector` at the first boundary at instruction clock `at` or later that lets one in. It replaces an earlier one; Infinity is never.
   */
  armTimer(vector: number, at: number): void {
    this.timerVector = vector;
    this.timerAt = at;
    this.processor.attention = true;
  }
  private timerAt = Infinity;
  private timerVector = 0;
  private takeTimer(): true {
    this.timerAt = Infinity;
    this.processor.halted = false;
    deliverInterrupt(this.processor, this.timerVector, true);
    return true;
  }

  // ---- pins

  /** An edge at the NMI pin (SDM vol. 3, 6.7): taken at the next boundary that lets one in. In V386 mode it is an `interrupt` exit, and stays for the host. */
  nmi(): void {
    this.isNmiPending = true;
    this.showInterruptPin();
    this.processor.attention = true;
  }
  /** The board's gate before the NMI pin, closed while true; an edge that comes meanwhile waits behind it. */
  set nmiMasked(masked: boolean) {
    this.isNmiMasked = masked;
    this.showInterruptPin();
    this.processor.attention = true;
  }
  get nmiMasked(): boolean { return this.isNmiMasked; }
  private isNmiPending = false;
  private isNmiMasked = false;
  private get nmiWaits(): boolean { return this.isNmiPending && !this.isNmiMasked; }

  /** The RESET line of the board: devices and processor as after power-up, memory as it is. */
  reset(): void {
    this.isNmiPending = false;
    this.isNmiMasked = false;
    this.isResetWanted = false;
    this.timerAt = Infinity;
    this.pc.reset();
    this.processor.reset();
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
      if (processor.livelocked) processor.endLivelock();
      processor.settleResumption();
      // Traps of the last instruction come before all else (SDM vol. 3, table 6-2).
      if (!processor.inShutdown && processor.takeDebugTrap()) continue;
      if (this.isPauseWanted) {
        this.isPauseWanted = false;
        return { kind: 'paused' };
      }
      if (this.exitStatus !== undefined) {
        const status = this.exitStatus;
        this.exitStatus = undefined;
        return { kind: 'exit', status };
      }
      if (this.isResetWanted) {
        this.isResetWanted = false;
        return { kind: 'reset' };
      }
      if (processor.inShutdown) return { kind: 'shutdown', detail: processor.shutdownReason };
      pc.clock.fireDue(processor.now());
      if (this.takeEvent()) continue;
      if (!processor.halted) {
        if (processor.watchesInstructions && processor.takeInstructionBreakpoint()) continue;
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
    if (this.nmiWaits && processor.state[Word.NMI_BLOCKED] === 0 && !processor.interruptsInhibited) return this.takeNmi();
    if (processor.now() >= this.timerAt && canTakeInterrupt(processor) && !processor.interruptsInhibited) return this.takeTimer();
    if (!this.pinAsserted || processor.interruptsInhibited || !canTakeInterrupt(processor) || this.tooManyInterrupts()) return false;
    processor.halted = false;
    deliverHardwareInterrupt(processor, this.pc.pic.acknowledge());
    return true;
  }
  private takeNmi(): true {
    this.isNmiPending = false;
    this.processor.halted = false;
    deliverFault(this.processor, Vector.NMI, 0);
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
    else if (this.pinAsserted || this.nmiWaits) exitV386(processor, 'interrupt');
    else if (wantsInterruptWindow(processor)) exitV386(processor, 'interrupt-window');
    else return false;
    processor.halted = false;
    return true;
  }

  /** Lets time pass to the next deadline of a halted processor; false when nothing can wake it: no deadline is left, or interrupts are off. */
  private wait(): boolean {
    const { processor, pc } = this;
    if (!canTakeInterrupt(processor)) return false;
    const next = Math.min(pc.clock.nextDeadline(), this.v386Deadline, this.timerAt);
    if (next === Infinity) return false;
    const units = Math.max(0, next - processor.now());
    processor.skip(units);
    this.idle += units;
    return true;
  }

  /**
   * Up to the next deadline. An interrupt that waits for IF needs no short slice, because whatever sets IF asks for attention; one that
   * waits for the end of an interrupt shadow does, and one that comes too thick and fast; so do debug exceptions.
   */
  private sliceLength(left: number): number {
    const { processor, pc } = this;
    const inShadow = processor.state[Word.INTERRUPT_PIN] !== 0 && processor.interruptsInhibited;
    const waits = inShadow || (this.pinAsserted && canTakeInterrupt(processor));
    const isDebugged = processor.watchesInstructions || processor.state[Word.PENDING_DEBUG] !== 0 || (processor.state[Word.FLAG_SYSTEM] & Flag.TF) !== 0;
    if (waits || isDebugged) return 1;
    const deadline = Math.min(pc.clock.nextDeadline(), this.v386Deadline, this.timerAt);
    return Math.max(1, Math.min(left, deadline - processor.now(), LONGEST_SLICE));
  }

  private setInterruptPin(asserted: boolean): void {
    this.pinAsserted = asserted;
    if (asserted) this.processor.attention = true;
    else this.showInterruptPin();
  }
  private pinAsserted = false;

  /** Tells the executor whether something waits for IF or for an IRET: an interrupt, an NMI or, in V386 mode, the host for the interrupt window. */
  private showInterruptPin(): void {
    const { processor } = this;
    processor.state[Word.INTERRUPT_PIN] = this.pinAsserted || this.nmiWaits || awaitsInterruptWindow(processor) ? 1 : 0;
  }
}
