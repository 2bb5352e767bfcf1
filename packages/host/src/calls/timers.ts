import { INSTRUCTIONS_PER_SECOND } from '@ringbench/machine';
import { Signal, SignalCode } from '../abi/signals.js';
import type { HostCounters } from '../events.js';
import type { Process } from '../process/process.js';
import type { Alarm, VirtualTime } from '../virtual-time.js';

const MICROSECONDS_PER_SECOND = 1_000_000;
const NANOSECONDS_PER_SECOND = 1_000_000_000;
const INSTRUCTIONS_PER_MICROSECOND = INSTRUCTIONS_PER_SECOND / MICROSECONDS_PER_SECOND;
const NANOSECONDS_PER_INSTRUCTION = NANOSECONDS_PER_SECOND / INSTRUCTIONS_PER_SECOND;

/** Seconds and a remainder in smaller units, as structures of the ABI have it. */
export const inMicroseconds = (instructions: number): readonly [number, number] => split(instructions / INSTRUCTIONS_PER_MICROSECOND, MICROSECONDS_PER_SECOND);
export const inNanoseconds = (instructions: number): readonly [number, number] => {
  const seconds = Math.floor(instructions / INSTRUCTIONS_PER_SECOND);
  return [seconds, (instructions - seconds * INSTRUCTIONS_PER_SECOND) * NANOSECONDS_PER_INSTRUCTION];
};
const split = (units: number, perSecond: number): readonly [number, number] => [Math.floor(units / perSecond), Math.floor(units % perSecond)];
export const fromMicroseconds = (seconds: number, microseconds: number): number => seconds * INSTRUCTIONS_PER_SECOND + microseconds * INSTRUCTIONS_PER_MICROSECOND;
/** Rounded up: nothing is early. */
export const fromNanoseconds = (seconds: number, nanoseconds: number): number => seconds * INSTRUCTIONS_PER_SECOND + Math.ceil(nanoseconds / NANOSECONDS_PER_INSTRUCTION);

interface RealTimer {
  alarm: Alarm;
  interval: number;
}

/** Timers of processes in real, that is guest, time: setitimer(ITIMER_REAL) and sleeping. */
export class Timers {
  private readonly real = new Map<Process, RealTimer>();

  constructor(private readonly clock: VirtualTime, private readonly counters: HostCounters, private readonly onExpired: (process: Process, signal: { readonly signal: number; readonly code: number; readonly words: readonly number[] }) => void) {}

  /** Sets the timer, 0 for never; both in instructions. What was left of it before, and its interval. */
  setReal(process: Process, value: number, interval: number): readonly [left: number, interval: number] {
    const before = this.realOf(process);
    this.forget(process);
    if (value > 0) this.arm(process, this.clock.now + value, interval);
    return before;
  }
  realOf(process: Process): readonly [left: number, interval: number] {
    const timer = this.real.get(process);
    return timer === undefined ? [0, 0] : [Math.max(1, timer.alarm.at - this.clock.now), timer.interval];
  }
  /** The process ended. */
  forget(process: Process): void {
    const timer = this.real.get(process);
    if (timer !== undefined) this.clock.cancel(timer.alarm);
    this.real.delete(process);
  }

  private arm(process: Process, at: number, interval: number): void {
    // Beyond exact time is never.
    if (at > Number.MAX_SAFE_INTEGER) return;
    const alarm = this.clock.alarm((due) => {
      this.counters.count('host.timer');
      this.real.delete(process);
      if (interval > 0) this.arm(process, due + interval, interval);
      this.onExpired(process, { signal: Signal.ALRM, code: SignalCode.KERNEL, words: [] });
    }, at);
    this.real.set(process, { alarm, interval });
  }
}
