import { INSTRUCTIONS_PER_SECOND } from '@ringbench/machine';
import type { VirtualTime } from './virtual-time.js';

/** What a task is after it ran: it could go on, it waits for `Scheduler.wake`, or it is no more. */
export type TaskState = 'ready' | 'waiting' | 'ended';

/** What the host keeps of a task. Times are in instructions. */
export class TaskAccount {
  /** For how long it had the processor, its monitor and the host's services for it included. */
  time = 0;
  /** How often it got the processor, and how often it lost it although it could have gone on. */
  slices = 0;
  preemptions = 0;
  /** How often it was woken, and how long it then waited for the processor: from when the wake-up was due. */
  wakes = 0;
  wakeDelay = 0;
  longestWakeDelay = 0;
}

/** A process of the host: a user's program, or a virtual machine. */
export interface Task {
  readonly id: number;
  readonly name: string;
  readonly account: TaskAccount;
  /** Runs for about so many instructions at most and lets them `pass` on the host's clock. What goes wrong in it is its own end, never an exception. */
  run(slice: number): TaskState;
}

/** Why `runUntil` came back: the time is over, no task is left, all wait and no alarm is set, or `interrupt` was called. */
export type SchedulerStop = 'limit' | 'ended' | 'asleep' | 'interrupted';

export interface SchedulerOptions {
  /** Instructions after which the timer takes the processor from a task; default DEFAULT_SLICE. */
  readonly slice?: number;
  /** A woken task got the processor, so many instructions after its wake-up was due. */
  readonly onWoken?: (task: Task, delay: number) => void;
}

/** A millisecond of the machine's nominal time: Linux' shortest tick. */
export const DEFAULT_SLICE = INSTRUCTIONS_PER_SECOND / 1000;

class Entry {
  state: 'ready' | 'running' | 'waiting' | 'gone' = 'ready';
  /** When a wake-up was due that it has not got the processor for yet. */
  dueAt: number | undefined = undefined;
  /** What is left of a slice that the end of `runUntil` cut short. */
  left: number | undefined = undefined;
  next: Entry | undefined = undefined;

  constructor(readonly task: Task) {}
}

/**
 * A preemptive round-robin scheduler for one processor: who could go on when its slice was over, and who was woken, queues up behind all others. Alarms are looked
 * at when a task gives the processor back, as a kernel looks at its timers at a clock interrupt. All is a function of the tasks; nothing depends on the host.
 */
export class Scheduler {
  readonly slice: number;
  private readonly onWoken: ((task: Task, delay: number) => void) | undefined;
  private readonly entries = new Map<Task, Entry>();
  private first: Entry | undefined = undefined;
  private last: Entry | undefined = undefined;
  private isInterrupted = false;

  constructor(private readonly clock: VirtualTime, { slice = DEFAULT_SLICE, onWoken }: SchedulerOptions = {}) {
    if (!Number.isSafeInteger(slice) || slice < 1) throw new Error(`a slice of ${slice} instructions`);
    this.slice = slice;
    this.onWoken = onWoken;
  }

  /** How many tasks there are, waiting ones included. */
  get size(): number { return this.entries.size; }

  /** A new task, ready to run. Throws for one that is there already. */
  add(task: Task): void {
    if (this.entries.has(task)) throw new Error(`task ${task.id} is scheduled already`);
    const entry = new Entry(task);
    this.entries.set(task, entry);
    this.queue(entry);
  }

  /**
   * What a task waits for has come, at the time `due`. If that is while it runs, it does not get to wait; one that is ready will see for itself. Unknown tasks
   * are ended ones: no effect.
   */
  wake(task: Task, due: number = this.clock.now): void {
    const entry = this.entries.get(task);
    if (entry === undefined || entry.state === 'ready') return;
    entry.dueAt ??= due;
    if (entry.state === 'waiting') this.queue(entry);
  }

  /** Forgets a task, whatever it does; the running one when it comes back. */
  remove(task: Task): void {
    const entry = this.entries.get(task);
    if (entry === undefined) return;
    entry.state = 'gone';
    this.entries.delete(task);
  }

  /** Has `runUntil`, or the next call of it, come back as soon as no task runs. */
  interrupt(): void { this.isInterrupted = true; }

  /** Runs tasks until a point of virtual time, or a little beyond where a task could not stop earlier. It can be called again. */
  runUntil(limit: number): SchedulerStop {
    for (;;) {
      this.clock.fireDue();
      if (this.isInterrupted) {
        this.isInterrupted = false;
        return 'interrupted';
      }
      if (this.entries.size === 0) return 'ended';
      if (this.clock.now >= limit) return 'limit';
      const entry = this.take();
      if (entry !== undefined) {
        this.dispatch(entry, limit);
        continue;
      }
      const next = this.clock.nextAlarm;
      if (next === Infinity) return 'asleep';
      this.clock.sleepUntil(Math.min(next, limit));
    }
  }

  private dispatch(entry: Entry, limit: number): void {
    const { task } = entry;
    const { account } = task;
    const begin = this.clock.now;
    const slice = entry.left ?? this.slice;
    const given = Math.min(slice, limit - begin);
    if (entry.dueAt !== undefined) this.noteWake(task, begin - entry.dueAt);
    entry.dueAt = undefined;
    entry.state = 'running';
    if (entry.left === undefined) account.slices++;
    entry.left = undefined;
    const state = task.run(given);
    const used = this.clock.now - begin;
    account.time += used;
    if (this.entries.get(task) !== entry) return;
    if (state === 'ended') this.remove(task);
    else if (state === 'ready') this.requeue(entry, slice - used, (given < slice && used >= given) || this.isInterrupted);
    else if (entry.dueAt !== undefined) this.queue(entry);
    else entry.state = 'waiting';
  }

  /** A task could have gone on. If only `runUntil` came to its end, it does so next time: what the tasks do depends on no limit. */
  private requeue(entry: Entry, left: number, isCut: boolean): void {
    entry.dueAt = undefined;
    if (!isCut || left <= 0) {
      entry.task.account.preemptions++;
      this.queue(entry);
      return;
    }
    entry.left = left;
    entry.state = 'ready';
    entry.next = this.first;
    this.first = entry;
    this.last ??= entry;
  }

  private noteWake(task: Task, delay: number): void {
    const { account } = task;
    account.wakes++;
    account.wakeDelay += delay;
    account.longestWakeDelay = Math.max(account.longestWakeDelay, delay);
    this.onWoken?.(task, delay);
  }

  private queue(entry: Entry): void {
    entry.state = 'ready';
    entry.next = undefined;
    if (this.last === undefined) this.first = entry;
    else this.last.next = entry;
    this.last = entry;
  }

  private take(): Entry | undefined {
    for (let entry = this.first; entry !== undefined; entry = this.first) {
      this.first = entry.next;
      if (this.first === undefined) this.last = undefined;
      if (entry.state === 'ready') return entry;
    }
    return undefined;
  }
}
