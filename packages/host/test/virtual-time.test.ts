import { describe, expect, it } from 'vitest';
import { VirtualTime } from '../src/index.js';

describe('virtual time', () => {
  it('fires alarms in order of time, those of one time in the order in which they were set, cancelled ones never', () => {
    const clock = new VirtualTime();
    const fired: string[] = [];
    const alarms = [50, 10, 30, 10, 70, 30, 20].map((at, index) => clock.alarm(() => fired.push(`${at}#${index}`), at));
    clock.cancel(alarms[2]);
    clock.cancel(alarms[2]);
    expect(clock.nextAlarm).toBe(10);
    clock.pass(50);
    clock.fireDue();
    expect(fired).toEqual(['10#1', '10#3', '20#6', '30#5', '50#0']);
    expect(clock.nextAlarm).toBe(70);
  });

  it('agrees with sorting, whatever is set and cancelled', () => {
    const clock = new VirtualTime();
    let seed = 1;
    const random = (below: number): number => (seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff) % below;
    const pending = new Map<number, ReturnType<VirtualTime['alarm']>>();
    const fired: number[] = [];
    const expected: (readonly [number, number])[] = [];
    for (let step = 0; step < 2000; step++) {
      const at = random(500);
      pending.set(step, clock.alarm(() => { fired.push(step); pending.delete(step); }, at));
      expected.push([at, step]);
      if (random(3) === 0) {
        const [victim, alarm] = [...pending][random(pending.size)];
        clock.cancel(alarm);
        pending.delete(victim);
        expected.splice(expected.findIndex(([, number]) => number === victim), 1);
      }
    }
    clock.pass(500);
    clock.fireDue();
    expect(fired).toEqual(expected.toSorted(([a, i], [b, j]) => a - b || i - j).map(([, number]) => number));
    expect(clock.nextAlarm).toBe(Infinity);
  });

  it('calls what a callback sets for now, and counts idle time apart', () => {
    const clock = new VirtualTime();
    const fired: number[] = [];
    clock.alarm((at) => { fired.push(at); clock.alarm((again) => fired.push(again), clock.now); }, 5);
    clock.sleepUntil(5);
    clock.fireDue();
    clock.pass(3);
    expect([fired, clock.now, clock.idle]).toEqual([[5, 5], 8, 5]);
    expect(() => clock.sleepUntil(7)).toThrow('cannot sleep');
    expect(() => clock.sleepUntil(Infinity)).toThrow('cannot sleep');
  });
});
