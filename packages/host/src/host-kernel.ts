import type { Machine } from '@ringbench/machine';
import { VmmCounters, type Allocator } from '@ringbench/vmm';
import { executeCall } from './calls/index.js';
import type { CallServices } from './calls/call.js';
import { Timers } from './calls/timers.js';
import { HostCounters } from './events.js';
import { FileTable, OpenFile, OpenFlag, type HostFile } from './files/open-file.js';
import type { MemoryFile } from './files/memory-file.js';
import { AddressSpace, type SpaceServices } from './memory/address-space.js';
import { Frames } from './memory/frames.js';
import type { Process } from './process/process.js';
import { ProcessTable } from './process/process-table.js';
import { ProcessRunner } from './process/runner.js';
import { UserMode } from './process/user-mode.js';
import { loadProgram } from './program-loader.js';
import { Scheduler } from './scheduler.js';
import { VirtualTime } from './virtual-time.js';

/** So often timers may expire, some at a time, without an instruction of any process: those of who ignores their signals. */
const MOST_IDLE_ROUNDS = 4096;

/** What a host is made of, and what surrounds it. */
export interface HostKernelOptions {
  readonly machine: Machine;
  readonly allocator: Allocator;
  /** Whose the pages of processes are, for the Allocator. */
  readonly owner: number;
  /** Its files: the file with a name, opened anew; undefined when there is none. */
  readonly open?: (path: string) => HostFile | undefined;
  /** Whether it was changed for SKAS3; default false. */
  readonly hasSpaceFiles?: boolean;
  /** Calls that no Linux has, by number; each gets EBX and answers what EAX becomes. */
  readonly extraCalls?: ReadonlyMap<number, (parameter: number) => number>;
  readonly onEnd?: (process: Process) => void;
  /** A process made a file in memory; called before anything is in it. The host keeps it from then on. */
  readonly onMemoryFile?: (file: MemoryFile) => void;
}

/** A program to start. */
export interface HostProgram {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Its argv. */
  readonly words: readonly string[];
  readonly environment?: readonly string[];
  /** Descriptors 0, 1 and 2. */
  readonly streams: readonly [HostFile, HostFile, HostFile];
}
export type Started = { readonly ok: true; readonly process: Process } | { readonly ok: false; readonly problem: string };

/** Why `run` came back: the instructions are used up, `interrupt` was called, no process is left, or all wait and nothing can wake one. */
export type HostStop = 'budget' | 'interrupted' | 'ended' | 'asleep';

/**
 * The model of a host's kernel: Linux as far as User-Mode Linux needs it. Its processes run at ring 3 of the machine in address spaces that the silicon walks; the
 * kernel itself is this code, entered through the trap page. Time is the processes' instructions, and idle time.
 */
export class HostKernel {
  readonly counters = new HostCounters();
  readonly vmmCounters = new VmmCounters();
  readonly clock = new VirtualTime();
  readonly scheduler = new Scheduler(this.clock);
  readonly frames: Frames;
  readonly userMode: UserMode;
  readonly processes: ProcessTable;
  private readonly runner: ProcessRunner;
  private readonly spaces: SpaceServices;
  private readonly timers: Timers;

  constructor(options: HostKernelOptions) {
    const { machine, allocator, owner, open = () => undefined, hasSpaceFiles = false, extraCalls = new Map(), onEnd = () => undefined, onMemoryFile } = options;
    const { counters, clock, scheduler } = this;
    this.userMode = new UserMode(machine, allocator, this.vmmCounters);
    this.frames = new Frames(machine, allocator, owner, counters);
    const { userMode, frames } = this;
    this.spaces = {
      machine, allocator, frames, counters, kernelTable: userMode.kernelTable,
      onChanged: (directory, pages) => userMode.translationsChanged(directory, pages), onFreed: (directory) => userMode.directoryFreed(directory),
    };
    this.processes = new ProcessTable({
      counters, scheduler, userMode, run: (process, slice) => this.runner.run(process, slice),
      onEnd: (process) => {
        this.timers.forget(process);
        onEnd(process);
      },
    });
    const { processes } = this;
    this.timers = new Timers(clock, counters, (process, info) => {
      processes.signals.raise(process, info);
      this.runner.giveWayTo(process);
    });
    const services: CallServices = { clock, counters, frames, spaces: this.spaces, userMode, processes, timers: this.timers, open, hasSpaceFiles, extraCalls, onMemoryFile };
    this.runner = new ProcessRunner({ clock, counters, userMode, processes, call: (process, number) => executeCall(services, process, number) });
  }

  /** Makes a process of a program, ready to run. A program that is none is a value. */
  start({ name, bytes, words, environment = [], streams }: HostProgram): Started {
    const space = AddressSpace.make(this.spaces);
    if (space === undefined) return { ok: false, problem: 'the host has no memory for a process' };
    const loaded = loadProgram(space, bytes, words, environment);
    if (!loaded.ok) {
      space.release();
      return { ok: false, problem: `${name} cannot be started: ${loaded.problem}` };
    }
    const files = new FileTable();
    streams.forEach((file, index) => files.add(new OpenFile(file, index === 0 ? 0 : OpenFlag.READ_WRITE)));
    return { ok: true, process: this.processes.start(name, space, files, loaded.entry, loaded.stack) };
  }

  /** Instructions that processes have completed. */
  get retired(): number { return this.clock.now - this.clock.idle; }

  /** Runs processes for so many instructions, idle time not counted, or until something ends that. It can be called again. */
  run(instructions: number): HostStop {
    const end = this.retired + instructions;
    let begin = this.clock.now;
    for (let idleRounds = 0; idleRounds < MOST_IDLE_ROUNDS; idleRounds++) {
      const { retired } = this;
      const left = end - retired;
      if (left <= 0) return 'budget';
      const stop = this.scheduler.runUntil(begin + left);
      if (stop !== 'limit') return stop;
      if (this.retired !== retired) idleRounds = 0;
      // Nothing ran: time goes on to where something may.
      const { now, nextAlarm } = this.clock;
      begin = this.retired === retired && nextAlarm !== Infinity ? Math.max(now, nextAlarm) : now;
    }
    return 'asleep';
  }

  /** Has `run` come back before the next instruction of a process. */
  interrupt(): void {
    this.scheduler.interrupt();
    this.runner.interrupt();
  }

  /** The process that runs, or ran last. */
  get lastProcess(): Process | undefined { return this.runner.last; }

  /** Ends all processes. */
  endAll(): void { for (const process of this.processes.all()) this.processes.end(process, 0); }
}
