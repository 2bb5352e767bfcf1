import { Vector } from '@ringbench/isa';
import { FaultCode } from '@ringbench/machine';
import { stopStatus } from '../abi/processes.js';
import { SYSCALL_STOP, TraceOption, UserRegister } from '../abi/ptrace.js';
import { ErrorNumber } from '../abi/errors.js';
import { MAP_LIMIT } from '../abi/memory.js';
import { Signal, SignalCode, type SignalInfo } from '../abi/signals.js';
import type { HostCounters } from '../events.js';
import type { TaskState } from '../scheduler.js';
import type { VirtualTime } from '../virtual-time.js';
import type { Process, Waiting } from './process.js';
import { isKilled, type ProcessTable } from './process-table.js';
import { fromKernel } from './signals.js';
import { SYSTEM_CALL_VECTOR, TIMER_VECTOR, type TrapRecord, type UserMode } from './user-mode.js';

/** Exceptions that push an error code (SDM vol. 3, table 6-1), as far as ring 3 can cause them. */
const CODED: readonly number[] = [Vector.TS, Vector.NP, Vector.SS, Vector.GP, Vector.PF, Vector.AC];
/** The signal that Linux makes of each exception (arch/x86/kernel/traps.c), and its si_code. */
const EXCEPTIONS: Readonly<Record<number, readonly [signal: number, code: number]>> = {
  [Vector.DE]: [Signal.FPE, SignalCode.DIVIDE], [Vector.DB]: [Signal.TRAP, SignalCode.TRACE], [Vector.BP]: [Signal.TRAP, SignalCode.KERNEL], [Vector.OF]: [Signal.SEGV, SignalCode.KERNEL], [Vector.BR]: [Signal.SEGV, SignalCode.KERNEL],
  [Vector.UD]: [Signal.ILL, SignalCode.OPCODE], [Vector.TS]: [Signal.SEGV, SignalCode.KERNEL], [Vector.NP]: [Signal.BUS, SignalCode.KERNEL], [Vector.SS]: [Signal.BUS, SignalCode.KERNEL],
  [Vector.GP]: [Signal.SEGV, SignalCode.KERNEL], [Vector.MF]: [Signal.FPE, SignalCode.DIVIDE], [Vector.AC]: [Signal.BUS, SignalCode.ALIGNMENT],
};
/** Those whose siginfo tells the instruction's address. */
const AT_INSTRUCTION: readonly number[] = [Vector.DE, Vector.UD, Vector.MF, Vector.DB];
/** A call is not answered yet: it waits. */
export type CallAnswer = number | Waiting;

/** What runs processes. */
export interface RunnerServices {
  readonly clock: VirtualTime;
  readonly counters: HostCounters;
  readonly userMode: UserMode;
  readonly processes: ProcessTable;
  /** Executes a system call, whose number and parameters are in the registers. */
  readonly call: (process: Process, number: number) => CallAnswer;
}

/** Takes a process through what happens to it between its instructions, and through its instructions. */
export class ProcessRunner {
  /** A process was woken by a timer: the one that runs gives way. */
  private givesWay = false;
  /** The process that runs, or ran last. */
  last: Process | undefined = undefined;
  private isInterrupted = false;
  /** The last process could have gone on. */
  private wasPreempted = false;
  private idleSeen = 0;

  constructor(private readonly services: RunnerServices) {}

  /** `Task.run` of every process. */
  run(process: Process, slice: number): TaskState {
    const { clock, userMode } = this.services;
    const end = clock.now + slice;
    this.noteSwitch(process);
    userMode.idle(clock.idle - this.idleSeen);
    this.idleSeen = clock.idle;
    for (;;) {
      if (!this.prepare(process)) return process.isDead ? 'ended' : 'waiting';
      const left = Math.min(end, clock.nextAlarm) - clock.now;
      if (clock.now >= end || this.givesWay || this.isInterrupted) {
        this.isInterrupted = false;
        this.wasPreempted = true;
        return 'ready';
      }
      this.runProgram(process, Math.max(1, left));
      clock.fireDue();
    }
  }

  /** The running process gives the processor back before its next instruction. */
  interrupt(): void { this.isInterrupted = true; }

  /** A timer woke a process: it does not wait for the end of the slice. */
  giveWayTo(process: Process): void { if (this.last !== process) this.givesWay = true; }

  private noteSwitch(process: Process): void {
    const { counters } = this.services;
    if (this.last !== process) {
      counters.count('host.switch');
      if (this.wasPreempted) counters.count('host.preempt');
    }
    this.last = process;
    this.wasPreempted = false;
    this.givesWay = false;
  }

  private runProgram(process: Process, instructions: number): void {
    const { clock, userMode } = this.services;
    const before = userMode.instructions;
    userMode.run(process, instructions);
    clock.pass(userMode.instructions - before);
    this.handle(process, userMode.trap());
  }

  // ---- traps

  private handle(process: Process, trap: TrapRecord): void {
    const { registers } = process;
    if (trap.vector === SYSTEM_CALL_VECTOR) {
      registers[UserRegister.ORIG_EAX] = registers[UserRegister.EAX];
      this.enterCall(process);
      return;
    }
    registers[UserRegister.ORIG_EAX] = -1;
    if (trap.vector === TIMER_VECTOR) return;
    if (trap.vector === Vector.PF) this.pageFault(process, trap);
    else this.exception(process, trap);
  }

  private exception(process: Process, { vector, errorCode }: TrapRecord): void {
    const found = EXCEPTIONS[vector];
    if (found === undefined) throw new Error(`a process of the host trapped through vector ${vector}`);
    process.fault = { vector, errorCode: CODED.includes(vector) ? errorCode : 0, address: process.fault.address };
    const [signal, code] = found;
    const words = AT_INSTRUCTION.includes(vector) ? [process.registers[UserRegister.EIP]] : [];
    this.services.processes.signals.force(process, { signal, code, words });
  }

  private pageFault(process: Process, { errorCode, address }: TrapRecord): void {
    const isBeyond = address >= MAP_LIMIT;
    const problem = isBeyond ? { signal: Signal.SEGV, code: SignalCode.MAP_ERROR } : process.space.fault(address, (errorCode & FaultCode.WRITE) !== 0);
    if (problem === undefined) return;
    // Linux tells a process that there is something above its addresses, whatever there is.
    process.fault = { vector: Vector.PF, errorCode: isBeyond ? errorCode | FaultCode.PRESENT : errorCode, address };
    const { signals } = this.services.processes;
    if (problem === 'exhausted') signals.raise(process, fromKernel(Signal.KILL));
    else signals.force(process, { signal: problem.signal, code: problem.code, words: [address] });
  }

  // ---- system calls

  private enterCall(process: Process): void {
    const { tracing, registers } = process;
    registers[UserRegister.EAX] = -ErrorNumber.NOSYS;
    if (tracing === undefined || tracing.mode === 'signals') {
      this.execute(process);
      return;
    }
    process.isEmulated = tracing.mode === 'emulated-calls';
    if (process.isEmulated) this.services.counters.count('host.intercepted');
    process.stage = 'entry-stop';
    this.stopAtCall(process);
  }

  private execute(process: Process): void {
    const number = process.registers[UserRegister.ORIG_EAX];
    // A tracer that writes -1 there wants nothing done.
    const answer = number === -1 ? process.registers[UserRegister.EAX] : this.services.call(process, number);
    if (typeof answer === 'number') {
      this.finish(process, answer);
      return;
    }
    process.stage = 'call';
    process.waiting = answer;
  }

  /** The call is answered. A process that ended in it has no registers to care for. */
  private finish(process: Process, answer: number): void {
    process.waiting = undefined;
    process.stage = 'program';
    if (process.isDead) return;
    process.registers[UserRegister.EAX] = answer;
    this.leaveCall(process);
  }
  private leaveCall(process: Process): void {
    process.stage = 'program';
    if (process.tracing?.mode !== 'calls') return;
    process.stage = 'exit-stop';
    this.stopAtCall(process);
  }

  // ---- between instructions

  /** Does all that comes before the next instruction. False when there is none now: the process waits, is stopped, or has ended. */
  private prepare(process: Process): boolean {
    for (;;) {
      if (process.isDead) return false;
      if (isKilled(process)) {
        this.services.processes.end(process, Signal.KILL);
        return false;
      }
      if (process.isStopped) return false;
      if (process.stage === 'call' ? !this.retry(process) : !this.resumed(process)) return false;
      if (process.isDead || process.isStopped || process.stage !== 'program' || isKilled(process)) continue;
      const info = process.signals.take();
      if (info === undefined) {
        this.services.processes.signals.settle(process);
        return true;
      }
      if (process.tracing === undefined) this.services.processes.signals.deliver(process, info);
      else this.stopBefore(process, info);
    }
  }

  /** A call that waits: false if it goes on waiting. */
  private retry(process: Process): boolean {
    const { waiting } = process;
    const answer = waiting?.attempt();
    if (waiting === undefined) throw new Error('a process waits for nothing');
    if (answer !== undefined) this.finish(process, answer);
    else if (process.signals.hasDeliverable) {
      waiting.cancel?.();
      this.finish(process, -waiting.interrupted);
    } else return false;
    return true;
  }

  /** What follows a stop after which the tracer let the process go on. Always true: there is more to do. */
  private resumed(process: Process): true {
    const { stage, tracing } = process;
    if (stage === 'program' || stage === 'call') return true;
    process.stage = 'program';
    const signal = tracing?.resumedWith ?? 0;
    const info = tracing?.stoppedBy;
    if (tracing !== undefined) tracing.stoppedBy = undefined;
    if (stage === 'signal-stop') {
      if (signal !== 0) this.services.processes.signals.deliver(process, info?.signal === signal ? info : fromKernel(signal));
      return true;
    }
    if (signal !== 0) this.services.processes.signals.raise(process, fromKernel(signal));
    if (stage === 'exit-stop') return true;
    if (process.isEmulated) this.leaveCall(process);
    else this.execute(process);
    return true;
  }

  // ---- stops

  private stopAtCall(process: Process): void {
    const isMarked = ((process.tracing?.options ?? 0) & TraceOption.SYSGOOD) !== 0;
    const signal = isMarked ? Signal.TRAP | SYSCALL_STOP : Signal.TRAP;
    this.stop(process, { signal, code: signal, words: [process.id, 0] });
  }
  private stopBefore(process: Process, info: SignalInfo): void {
    process.stage = 'signal-stop';
    this.stop(process, info);
  }
  private stop(process: Process, info: SignalInfo): void {
    const { tracing } = process;
    if (tracing === undefined) throw new Error(`nobody traces process ${process.id}`);
    process.state = 'stopped';
    tracing.stoppedBy = info;
    tracing.untold = stopStatus(info.signal);
    this.services.counters.count('host.stop');
    this.services.processes.tell(process, tracing.tracer, SignalCode.TRAPPED, info.signal);
  }
}
