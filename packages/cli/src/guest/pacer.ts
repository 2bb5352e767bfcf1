import { setImmediate as nextTurn } from 'node:timers/promises';
import { INSTRUCTIONS_PER_SECOND } from '@ringbench/machine';
import type { Engine } from '@ringbench/engine';
import type { TerminalInput } from './terminal-input.js';

/**
 * How long a guest runs before the host attends to anything else. In guest time, sleep costs nothing: a machine that waits for a timer is at once at the
 * tick. A script wants just that. A person at a terminal, to whom a guest has to wait anyhow, wants neither a processor at full load for an idle prompt
 * nor a cursor that blinks a thousand times a second: in a session with a terminal, the guest's idle time is slept in the host's. What is typed ends the
 * sleep; it makes the session unrepeatable, but for `InputLog`, in which nothing depends on the host's clock but when something was typed.
 */
export interface Pacer {
  /**
   * Instructions up to the next call of `rest`.
   * @param isAwaited whether input waits for the guest to take what it has been given.
   */
  slice(isAwaited: boolean): number;
  /** Between two slices. */
  rest(engine: Engine): Promise<void>;
}

/** At 115200 baud, a serial line needs 17,361 instructions for a byte, and one without FIFO takes them one by one. */
const INPUT_SLICE = 20_000;

/** Full speed. The first slices are short, for input that is already there; all follow from instructions alone, so that without input a run looks the same each time. */
export class FullSpeed implements Pacer {
  private length = INPUT_SLICE / 2;

  /** @param longest instructions between two looks at the console. */
  constructor(private readonly longest: number) {}

  slice(isAwaited: boolean): number {
    this.length = isAwaited ? INPUT_SLICE : Math.min(this.length * 2, this.longest);
    return this.length;
  }
  async rest(): Promise<void> { return nextTurn(); }
}

/** A slice of an idle guest: a few timer ticks. */
const IDLE_SLICE = 2000;
const MILLISECONDS = 1000;
/** Shorter sleeps are saved up: timers are no finer. */
const SHORTEST_SLEEP = 2;

/** Idle guest time takes as long as host time. */
export class HumanPacer implements Pacer {
  private length = INPUT_SLICE;
  private idle = 0;
  private debt = 0;

  constructor(private readonly input: Pick<TerminalInput, 'wait'>, private readonly longest: number) {}

  slice(isAwaited: boolean): number { return isAwaited ? Math.min(this.length, INPUT_SLICE) : this.length; }

  async rest(engine: Engine): Promise<void> {
    const idle = engine.counts()['idle'] ?? 0;
    const slept = idle - this.idle;
    this.idle = idle;
    this.length = slept > 0 ? IDLE_SLICE : Math.min(this.length * 2, this.longest);
    this.debt += (slept / INSTRUCTIONS_PER_SECOND) * MILLISECONDS;
    await nextTurn();
    if (this.debt < SHORTEST_SLEEP) return;
    const before = performance.now();
    const isOver = await this.input.wait(this.debt);
    this.debt = isOver ? Math.max(0, this.debt - (performance.now() - before)) : 0;
  }
}
