import { describe, expect, it } from 'vitest';
import { Deadline, InstructionClock, INSTRUCTIONS_PER_SECOND, remainder, TickRate } from '../src/clock.js';

function clockAt(now: number, onDeadlineChanged?: () => void): InstructionClock {
  return new InstructionClock(() => now, onDeadlineChanged);
}

describe('InstructionClock', () => {
  it('takes the time from outside', () => {
    expect(clockAt(42).now()).toBe(42);
  });

  it('has no deadline at first', () => {
    const clock = clockAt(0);
    expect(clock.nextDeadline()).toBe(Infinity);
    clock.fireDue(Number.MAX_SAFE_INTEGER);
  });

  it('fires in order of time, then of insertion, and only what is due', () => {
    const clock = clockAt(0);
    const fired: string[] = [];
    const record = (name: string) => (at: number) => fired.push(`${name}@${at}`);
    clock.schedule(record('c'), 30);
    clock.schedule(record('a1'), 10);
    clock.schedule(record('b'), 20);
    clock.schedule(record('a2'), 10);
    clock.schedule(record('a3'), 10);
    expect(clock.nextDeadline()).toBe(10);
    clock.fireDue(9);
    expect(fired).toEqual([]);
    clock.fireDue(20);
    expect(fired).toEqual(['a1@10', 'a2@10', 'a3@10', 'b@20']);
    expect(clock.nextDeadline()).toBe(30);
  });

  it('puts a rescheduled deadline behind its equals', () => {
    const clock = clockAt(0);
    const fired: string[] = [];
    const first = clock.schedule(() => fired.push('first'), 10);
    clock.schedule(() => fired.push('second'), 10);
    clock.reschedule(first, 10);
    clock.fireDue(10);
    expect(fired).toEqual(['second', 'first']);
  });

  it('cancels at the head, in the middle, at the end, twice, and after firing', () => {
    const clock = clockAt(0);
    const fired: number[] = [];
    const deadlines = [1, 2, 3, 4].map((at) => clock.schedule((due) => fired.push(due), at));
    clock.cancel(deadlines[1]);
    clock.cancel(deadlines[3]);
    clock.cancel(deadlines[0]);
    clock.cancel(deadlines[0]);
    expect(deadlines[0].at).toBe(Infinity);
    expect(clock.nextDeadline()).toBe(3);
    clock.fireDue(100);
    clock.cancel(deadlines[2]);
    expect(fired).toEqual([3]);
  });

  it('fires what a callback adds in the past, and leaves the future to the next call', () => {
    const clock = clockAt(0);
    const fired: number[] = [];
    clock.schedule((at) => {
      fired.push(at);
      clock.schedule((due) => fired.push(due), at + 5);
      clock.schedule((due) => fired.push(due), at + 50);
    }, 10);
    clock.fireDue(20);
    expect(fired).toEqual([10, 15]);
    expect(clock.nextDeadline()).toBe(60);
  });

  it('lets a callback cancel another deadline of the same time', () => {
    const clock = clockAt(0);
    const fired: string[] = [];
    const victim = new Deadline(() => fired.push('victim'));
    clock.schedule(() => clock.cancel(victim), 10);
    clock.reschedule(victim, 10);
    clock.fireDue(10);
    expect(fired).toEqual([]);
  });

  it('reports an earlier earliest deadline, and nothing else', () => {
    let changes = 0;
    const clock = clockAt(0, () => changes++);
    const deadline = clock.schedule(() => clock.schedule(() => undefined, 1), 100);
    expect(changes).toBe(1);
    clock.schedule(() => undefined, 100);
    clock.schedule(() => undefined, 200);
    expect(changes).toBe(1);
    clock.schedule(() => undefined, 99);
    expect(changes).toBe(2);
    clock.cancel(deadline);
    clock.reschedule(deadline, 150);
    expect(changes).toBe(2);
    clock.fireDue(150);
    expect(changes).toBe(2);
    expect(clock.nextDeadline()).toBe(200);
  });

  it('never reaches a time beyond exact integers, and rejects what is no instruction number', () => {
    const clock = clockAt(0);
    clock.schedule(() => undefined, 2 ** 53);
    clock.schedule(() => undefined, Infinity);
    expect(clock.nextDeadline()).toBe(Infinity);
    clock.schedule(() => undefined, Number.MAX_SAFE_INTEGER);
    expect(clock.nextDeadline()).toBe(Number.MAX_SAFE_INTEGER);
    expect(() => clock.schedule(() => undefined, Number.NaN)).toThrow(/instruction number/);
    expect(() => clock.schedule(() => undefined, 1.5)).toThrow(/instruction number/);
  });

  it('notices a deadline of another clock', () => {
    const foreign = clockAt(0).schedule(() => undefined, 5);
    expect(() => clockAt(0).cancel(foreign)).toThrow(/another clock/);
  });
});

describe('remainder', () => {
  it('is exact and never negative', () => {
    expect(remainder(-1, 7)).toBe(6);
    expect(remainder(2 ** 53 - 1, 65536)).toBe(65535);
    expect(remainder(2 ** 52, 3)).toBe(Number(2n ** 52n % 3n));
  });
});

describe('TickRate', () => {
  const rates: [string, number][] = [['8254', 1_193_182], ['RTC crystal', 32_768], ['UART crystal', 1_843_200]];

  function exactTicks(n: number, frequency: number): bigint {
    return (BigInt(n) * BigInt(frequency)) / BigInt(INSTRUCTIONS_PER_SECOND);
  }

  /** Deterministic integers spread over all magnitudes up to 2^53. */
  function* samples(): Generator<number> {
    let seed = 12345;
    for (let bits = 0; bits <= 53; bits++) {
      for (let i = 0; i < 40; i++) {
        seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
        yield Math.min(Number.MAX_SAFE_INTEGER, Math.floor((seed / 2 ** 32) * 2 ** bits));
      }
      yield Math.min(Number.MAX_SAFE_INTEGER, 2 ** bits);
    }
    for (let q = 1; q < 90; q++) yield* [q * 1e8 - 1, q * 1e8, q * 1e8 + 1, q * 1e6 * 1e8 - 1];
  }

  it.each(rates)('counts the ticks of the %s exactly up to 2^53', (_, frequency) => {
    const rate = new TickRate(frequency);
    for (const n of samples()) expect(BigInt(rate.ticksAt(n))).toBe(exactTicks(n, frequency));
  });

  it.each(rates)('finds the first instruction of a tick of the %s', (_, frequency) => {
    const rate = new TickRate(frequency);
    for (const n of samples()) {
      const tick = rate.ticksAt(n);
      const first = rate.instructionsAt(tick);
      expect(first).toBeLessThanOrEqual(n);
      expect(exactTicks(first, frequency)).toBe(BigInt(tick));
      if (first > 0) expect(exactTicks(first - 1, frequency)).toBe(BigInt(tick) - 1n);
    }
  });

  it('does not drift: a second has the whole frequency', () => {
    const rate = new TickRate(1_193_182);
    expect(rate.ticksAt(INSTRUCTIONS_PER_SECOND)).toBe(1_193_182);
    expect(rate.instructionsAt(1_193_182)).toBe(INSTRUCTIONS_PER_SECOND);
    expect(rate.instructionsAt(1)).toBe(168);
    expect(rate.ticksAt(167)).toBe(0);
    expect(rate.instructionsAt(Infinity)).toBe(Infinity);
  });

  it('takes another nominal speed and rejects one that it cannot count exactly', () => {
    expect(new TickRate(1_000_000, 4_000_000).ticksAt(9)).toBe(2);
    expect(() => new TickRate(999_999_937, 4_000_000_007)).toThrow(/exact/);
  });
});
