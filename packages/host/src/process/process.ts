import type { SignalInfo } from '../abi/signals.js';
import type { FileTable } from '../files/open-file.js';
import type { AddressSpace } from '../memory/address-space.js';
import { TaskAccount, type Task, type TaskState } from '../scheduler.js';
import { THREAD_SEGMENTS } from './registers.js';
import type { SignalState } from './signal-state.js';
import { X87_WORDS } from './x87-image.js';

/** A call that cannot be answered yet. */
export interface Waiting {
  /** The answer, or undefined while there is none. */
  attempt(): number | undefined;
  /** What a signal makes of it: a number of `Restart`, or an error number. */
  readonly interrupted: number;
  /** It was interrupted. */
  cancel?(): void;
}

/** How far the tracer lets a process run: to its next signal, to its next call or the end of one, or to its next call, which the host then does not execute. */
export type TraceMode = 'signals' | 'calls' | 'emulated-calls';

/** Who traces a process, and how. */
export interface Tracing {
  readonly tracer: Process;
  mode: TraceMode;
  options: number;
  /** What wait4 tells of a stop that was not told yet. */
  untold: number | undefined;
  /** The signal of the present stop, and what the tracer resumed it with. */
  stoppedBy: SignalInfo | undefined;
  resumedWith: number;
}

/** Where a process stands between two instructions of its own. */
export type Stage =
  /** About to go on with its program. */
  | 'program'
  /** In a call that waits. */
  | 'call'
  /** Resumed from the stop at the entry of a call, at its end, or before a signal. */
  | 'entry-stop' | 'exit-stop' | 'signal-stop';

export type ProcessState = 'alive' | 'stopped' | 'zombie' | 'reaped';

/** The fault that led to the last exception of a process, as sigcontext shows it. */
export interface FaultRecord {
  readonly vector: number;
  readonly errorCode: number;
  readonly address: number;
}

/** What a process begins with. */
export interface ProcessParts {
  readonly id: number;
  readonly name: string;
  readonly registers: Int32Array;
  readonly space: AddressSpace;
  readonly files: FileTable;
  readonly signals: SignalState;
  readonly parent: Process | undefined;
  /** The signal that tells the parent of the end; 0 for none. */
  readonly exitSignal: number;
  readonly run: (process: Process, slice: number) => TaskState;
}

/** A process of the host: Linux's task, with one thread. */
export class Process implements Task {
  readonly account = new TaskAccount();
  readonly id: number;
  readonly name: string;
  /** In the order of `UserRegister`. */
  readonly registers: Int32Array;
  readonly x87 = new Int32Array(X87_WORDS);
  /** Descriptors for set_thread_area, low and high word each. */
  readonly threadSegments = new Int32Array(2 * THREAD_SEGMENTS);
  readonly files: FileTable;
  readonly signals: SignalState;
  readonly exitSignal: number;
  readonly children = new Set<Process>();
  space: AddressSpace;
  parent: Process | undefined;
  tracing: Tracing | undefined = undefined;
  readonly tracees = new Set<Process>();
  state: ProcessState = 'alive';
  stage: Stage = 'program';
  waiting: Waiting | undefined = undefined;
  /** The call at which it stopped is the tracer's to execute. */
  isEmulated = false;
  fault: FaultRecord = { vector: 0, errorCode: 0, address: 0 };
  /** As wait4 tells it. */
  status = 0;
  private readonly runner: ProcessParts['run'];

  constructor(parts: ProcessParts) {
    this.id = parts.id;
    this.name = parts.name;
    this.registers = parts.registers;
    this.space = parts.space;
    this.files = parts.files;
    this.signals = parts.signals;
    this.parent = parts.parent;
    this.exitSignal = parts.exitSignal;
    this.runner = parts.run;
  }

  run(slice: number): TaskState { return this.runner(this, slice); }
  get isStopped(): boolean { return this.state === 'stopped'; }
  get isDead(): boolean { return this.state === 'zombie' || this.state === 'reaped'; }
}
