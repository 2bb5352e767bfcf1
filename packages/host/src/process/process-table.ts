import { ErrorNumber } from '../abi/errors.js';
import { CloneFlag, WaitOption } from '../abi/processes.js';
import { TraceOption, UserRegister } from '../abi/ptrace.js';
import { ActionFlag, SIG_IGNORE, Signal, SignalCode, signalBit } from '../abi/signals.js';
import type { HostCounters } from '../events.js';
import type { FileTable } from '../files/open-file.js';
import type { AddressSpace } from '../memory/address-space.js';
import type { Scheduler, TaskState } from '../scheduler.js';
import { Process } from './process.js';
import { startRegisters } from './registers.js';
import { Signals } from './signals.js';
import { SignalState } from './signal-state.js';
import type { UserMode } from './user-mode.js';

const FIRST_ID = 1000;
const CORE_SIGNAL_MASK = 0x7f;

/** What wait4 found. */
export interface Waited {
  readonly id: number;
  readonly status: number;
}

/** What the table needs of the host. */
export interface ProcessServices {
  readonly counters: HostCounters;
  readonly scheduler: Scheduler;
  readonly userMode: UserMode;
  readonly run: (process: Process, slice: number) => TaskState;
  /** A process ended; its status as wait4 tells it. */
  readonly onEnd: (process: Process) => void;
}

/** All processes of a host: birth, death, and who waits for whom. */
export class ProcessTable {
  readonly signals: Signals;
  private readonly processes = new Map<number, Process>();
  private nextId = FIRST_ID;

  constructor(private readonly services: ProcessServices) {
    const { counters, userMode } = services;
    this.signals = new Signals({ counters, userMode, wake: (process) => this.wake(process), end: (process, status) => this.end(process, status) });
  }

  all(): Iterable<Process> { return this.processes.values(); }
  find(id: number): Process | undefined { return this.processes.get(id); }
  wake(process: Process): void { this.services.scheduler.wake(process); }

  /** A first process, without parent. */
  start(name: string, space: AddressSpace, files: FileTable, entry: number, stack: number): Process {
    const process = this.add(new Process({ id: this.nextId++, name, registers: startRegisters(entry, stack), space, files, signals: new SignalState(), parent: undefined, exitSignal: 0, run: this.services.run }));
    this.services.userMode.resetX87(process);
    return process;
  }

  /** clone: the new process, or a negative error. `stack` 0: the parent's. */
  clone(parent: Process, flags: number, stack: number): Process | number {
    if ((flags & CloneFlag.THREAD) !== 0) return -ErrorNumber.INVAL;
    const space = (flags & CloneFlag.VM) === 0 ? parent.space.fork() : parent.space.share();
    if (space === undefined) return -ErrorNumber.NOMEM;
    const registers = parent.registers.slice();
    registers[UserRegister.EAX] = 0;
    if (stack !== 0) registers[UserRegister.ESP] = stack;
    const signals = new SignalState((flags & CloneFlag.SIGHAND) === 0 ? parent.signals.actions.copy() : parent.signals.actions);
    signals.blocked = parent.signals.blocked;
    if ((flags & CloneFlag.VM) === 0 || (flags & CloneFlag.VFORK) !== 0) signals.stack = parent.signals.stack;
    const child = new Process({
      id: this.nextId++, name: parent.name, registers, space, signals, exitSignal: flags & CloneFlag.SIGNAL, run: this.services.run,
      files: (flags & CloneFlag.FILES) === 0 ? parent.files.copy() : parent.files.share(),
      parent: (flags & CloneFlag.PARENT) === 0 ? parent : parent.parent,
    });
    child.x87.set(this.services.userMode.takeX87(parent));
    child.threadSegments.set(parent.threadSegments);
    return this.add(child);
  }

  private add(process: Process): Process {
    this.processes.set(process.id, process);
    process.parent?.children.add(process);
    this.services.counters.count('host.process');
    this.services.scheduler.add(process);
    return process;
  }

  // ---- tracing

  /** False when somebody traces it already. */
  attach(process: Process, tracer: Process): boolean {
    if (process.tracing !== undefined) return false;
    process.tracing = { tracer, mode: 'signals', options: 0, untold: undefined, stoppedBy: undefined, resumedWith: 0 };
    tracer.tracees.add(process);
    return true;
  }

  detach(process: Process): void {
    process.tracing?.tracer.tracees.delete(process);
    process.tracing = undefined;
  }

  /** A child or a traced process did something that wait4 may be waiting for. */
  tell(process: Process, listener: Process | undefined, code: number, status: number, signal: number = Signal.CHLD): void {
    if (listener === undefined || listener.isDead) return;
    if (signal !== 0) this.signals.raise(listener, { signal, code, words: [process.id, 0, status] });
    this.wake(listener);
  }

  // ---- the end

  /** exit, or death by a signal: `status` as wait4 tells it. */
  end(process: Process, status: number): void {
    if (process.isDead) return;
    process.state = 'zombie';
    process.status = status;
    process.waiting?.cancel?.();
    process.waiting = undefined;
    this.services.counters.count('host.exit');
    this.services.userMode.takeX87(process);
    this.services.scheduler.remove(process);
    process.files.release();
    process.space.release();
    for (const tracee of process.tracees) this.orphanTracee(tracee);
    for (const child of process.children) this.orphan(child);
    const { tracing, parent } = process;
    const code = (status & CORE_SIGNAL_MASK) === 0 ? SignalCode.EXITED : SignalCode.KILLED;
    if (tracing !== undefined && tracing.tracer !== parent) this.tell(process, tracing.tracer, code, status);
    if (this.isReapedBySystem(process)) this.reap(process);
    this.tell(process, parent, code, status, process.exitSignal);
    this.services.onEnd(process);
  }

  private orphanTracee(tracee: Process): void {
    const isKilled = ((tracee.tracing?.options ?? 0) & TraceOption.EXIT_KILL) !== 0;
    this.detach(tracee);
    if (isKilled) this.signals.raise(tracee, { signal: Signal.KILL, code: SignalCode.KERNEL, words: [] });
    if (tracee.state !== 'stopped') return;
    tracee.state = 'alive';
    this.wake(tracee);
  }
  /** Nobody waits for it any more: the system does. */
  private orphan(child: Process): void {
    child.parent = undefined;
    if (child.state === 'zombie') this.reap(child);
  }
  private isReapedBySystem({ parent, tracing }: Process): boolean {
    if (tracing !== undefined && tracing.tracer !== parent) return false;
    if (parent === undefined) return true;
    const { handler, flags } = parent.signals.actions.get(Signal.CHLD);
    return handler === SIG_IGNORE || (flags & ActionFlag.NOCLDWAIT) !== 0;
  }
  private reap(process: Process): void {
    process.state = 'reaped';
    process.parent?.children.delete(process);
    this.detach(process);
    this.processes.delete(process.id);
  }

  // ---- wait4

  /** What wait4 can tell now; undefined: nothing yet; or a negative error. `id` -1 for any. */
  poll(waiter: Process, id: number, options: number): Waited | number | undefined {
    let hasAny = false;
    for (const process of new Set([...waiter.children, ...waiter.tracees])) {
      if (id > 0 && process.id !== id) continue;
      hasAny = true;
      const found = this.collect(waiter, process);
      if (found !== undefined) return found;
    }
    if (!hasAny) return -ErrorNumber.CHILD;
    return (options & WaitOption.NO_HANG) === 0 ? undefined : 0;
  }

  private collect(waiter: Process, process: Process): Waited | undefined {
    const { tracing } = process;
    if (process.state === 'zombie') {
      const { id, status } = process;
      if (tracing !== undefined && tracing.tracer !== waiter) return undefined;
      if (tracing !== undefined && process.parent !== waiter && process.parent !== undefined) {
        this.detach(process);
        this.tell(process, process.parent, SignalCode.EXITED, status, process.exitSignal);
      } else this.reap(process);
      return { id, status };
    }
    if (tracing?.tracer !== waiter || tracing.untold === undefined || process.state !== 'stopped') return undefined;
    const status = tracing.untold;
    tracing.untold = undefined;
    return { id: process.id, status };
  }
}

/** Whether a signal waits that ends a process at once. */
export const isKilled = (process: Process): boolean => (process.signals.pending & signalBit(Signal.KILL)) !== 0n;
