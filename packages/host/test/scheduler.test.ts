import { describe, expect, it } from 'vitest';
import { Scheduler, TaskAccount, VirtualTime, type Task, type TaskState } from '../src/index.js';

/** A task that does what a list says, one element a run; each element is what it takes and what it is afterwards. */
class Scripted implements Task {
  readonly account = new TaskAccount();
  readonly slices: number[] = [];
  private step = 0;

  constructor(readonly id: number, private readonly clock: VirtualTime, private readonly log: string[], private readonly script: readonly (readonly [number, TaskState, (() => void)?])[]) {}

  get name(): string { return `task ${this.id}`; }

  run(slice: number): TaskState {
    const [time, state, action] = this.script[Math.min(this.step++, this.script.length - 1)];
    this.slices.push(slice);
    this.log.push(`${this.id}@${this.clock.now}`);
    this.clock.pass(Math.min(time, slice));
    action?.();
    return state;
  }
}

describe('the scheduler', () => {
  it('gives each task its slice in turn, and a task that ended none', () => {
    const clock = new VirtualTime();
    const log: string[] = [];
    const scheduler = new Scheduler(clock, { slice: 10 });
    const one = new Scripted(1, clock, log, [[10, 'ready'], [10, 'ready'], [3, 'ended']]);
    const two = new Scripted(2, clock, log, [[10, 'ready'], [1, 'ended']]);
    scheduler.add(one);
    scheduler.add(two);
    expect(scheduler.runUntil(Infinity)).toBe('ended');
    expect(log).toEqual(['1@0', '2@10', '1@20', '2@30', '1@31']);
    expect(one.account).toMatchObject({ time: 23, slices: 3, preemptions: 2, wakes: 0 });
    expect(two.account.time + one.account.time).toBe(clock.now);
  });

  it('cuts the slice at the limit, and goes on from there', () => {
    const clock = new VirtualTime();
    const scheduler = new Scheduler(clock, { slice: 10 });
    const task = new Scripted(1, clock, [], [[100, 'ready']]);
    scheduler.add(task);
    expect(scheduler.runUntil(25)).toBe('limit');
    expect([clock.now, task.slices]).toEqual([25, [10, 10, 5]]);
    expect(scheduler.runUntil(26)).toBe('limit');
    expect(clock.now).toBe(26);
  });

  it('wakes a task by an alarm, idles until then, and says how long it waited for the processor', () => {
    const clock = new VirtualTime();
    const log: string[] = [];
    const delays: number[] = [];
    const scheduler = new Scheduler(clock, { slice: 10, onWoken: (_task, delay) => delays.push(delay) });
    const sleeper: Scripted = new Scripted(1, clock, log, [[2, 'waiting', () => { clock.alarm((at) => scheduler.wake(sleeper, at), clock.now + 5); }], [1, 'waiting', () => { clock.alarm((at) => scheduler.wake(sleeper, at), clock.now + 50); }], [1, 'ended']]);
    const busy = new Scripted(2, clock, log, [[10, 'ready'], [10, 'ended']]);
    scheduler.add(sleeper);
    scheduler.add(busy);
    expect(scheduler.runUntil(Infinity)).toBe('ended');
    // Due at 7, behind the other's first slice; it queues up behind who is preempted before alarms are looked at.
    expect(log).toEqual(['1@0', '2@2', '2@12', '1@22', '1@73']);
    expect(delays).toEqual([15, 0]);
    expect(sleeper.account).toMatchObject({ wakes: 2, wakeDelay: 15, longestWakeDelay: 15 });
    expect(clock.idle).toBe(50);
  });

  it('loses no wake-up that comes while the task runs, and keeps none for one that is ready', () => {
    const clock = new VirtualTime();
    const scheduler = new Scheduler(clock, { slice: 10 });
    const task: Scripted = new Scripted(1, clock, [], [[1, 'waiting', () => scheduler.wake(task)], [1, 'waiting']]);
    scheduler.add(task);
    scheduler.wake(task);
    expect(scheduler.runUntil(Infinity)).toBe('asleep');
    expect(task.account).toMatchObject({ slices: 2, wakes: 1 });
  });

  it('comes back between two runs when it is interrupted, and forgets a task that is removed', () => {
    const clock = new VirtualTime();
    const scheduler = new Scheduler(clock, { slice: 10 });
    const one: Scripted = new Scripted(1, clock, [], [[10, 'ready', () => scheduler.interrupt()]]);
    scheduler.add(one);
    expect([scheduler.runUntil(Infinity), clock.now]).toEqual(['interrupted', 10]);
    scheduler.remove(one);
    expect([scheduler.runUntil(Infinity), one.slices.length, scheduler.size]).toEqual(['ended', 1, 0]);
    expect(() => { scheduler.add(one); scheduler.add(one); }).toThrow('already');
    expect(() => new Scheduler(clock, { slice: 0 })).toThrow('slice');
  });
});
