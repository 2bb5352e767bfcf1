import type { Engine } from '@ringbench/engine';
import { INSTRUCTIONS_PER_SECOND } from '@ringbench/machine';
import { describe, expect, it } from 'vitest';
import { FullSpeed, HumanPacer } from '../../src/guest/pacer.js';

/** A guest that has been idle for so many seconds in all. */
const idleFor = (seconds: number): Engine => ({ counts: () => ({ idle: seconds * INSTRUCTIONS_PER_SECOND }) }) as unknown as Engine;

describe('FullSpeed', () => {
  it('grows its slices, and keeps them short while input waits', () => {
    const pacer = new FullSpeed(150_000);
    expect([false, false, false, false, true, false].map((waits) => pacer.slice(waits))).toEqual([20_000, 40_000, 80_000, 150_000, 20_000, 40_000]);
  });
});

describe('HumanPacer', () => {
  it('sleeps as long as the guest did, saves up short times, and forgets the rest when somebody types', async () => {
    const sleeps: number[] = [];
    let isOver = true;
    const pacer = new HumanPacer({ wait: async (milliseconds) => isOver && sleeps.push(milliseconds) > 0 }, 1_000_000);
    await pacer.rest(idleFor(0));
    expect(sleeps).toEqual([]);
    await pacer.rest(idleFor(0.001));
    expect(sleeps).toEqual([]);
    await pacer.rest(idleFor(0.003));
    expect(sleeps[0]).toBeCloseTo(3, 6);
    isOver = false;
    await pacer.rest(idleFor(5));
    isOver = true;
    await pacer.rest(idleFor(5));
    expect(sleeps).toHaveLength(1);
  });
  it('looks at an idle guest often, and at a busy one ever more seldom', async () => {
    const pacer = new HumanPacer({ wait: async () => true }, 1_000_000);
    await pacer.rest(idleFor(0.001));
    expect(pacer.slice(false)).toBe(2000);
    await pacer.rest(idleFor(0.001));
    expect(pacer.slice(false)).toBe(4000);
    for (let i = 0; i < 20; i++) await pacer.rest(idleFor(0.001));
    expect([pacer.slice(false), pacer.slice(true)]).toEqual([1_000_000, 20_000]);
  });
});
