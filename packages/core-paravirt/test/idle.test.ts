import type { GuestImage } from '@ringbench/engine';
import { VmHost, type VmProcess } from '@ringbench/host';
import { describe, expect, it } from 'vitest';
import { core } from '../src/index.js';
import { DIRECT_BASE, VirtualRegister } from '../src/interface.js';
import { call, repeat, storeRegister, tinyGuest } from './support/tiny-guest.js';

const MEMORY_BYTES = 4 << 20;
const RAM_BYTES = 32 << 20;
const MILLISECOND = 200_000;
const TICK_MICROSECONDS = 10_000;
const SLEEP_MICROSECONDS = 50_000;
const SLEEPS = 2;
const TICKS = (SLEEPS * SLEEP_MICROSECONDS) / TICK_MICROSECONDS;
const SLEEPERS = 4;
const WORK = 10 * MILLISECOND;
/** CMP dword [PENDING], 0; JE back to it. */
const POLL = [0x83, 0x3d, ...new Uint8Array(Int32Array.of(DIRECT_BASE + VirtualRegister.PENDING).buffer), 0, 0x74, 0xf7];
const END = call('terminate', 0);

/** Three ways for a guest to let the same time pass (Denali, OSDI 2002, section 3.1), and one that computes meanwhile. */
const GUESTS = {
  'an idle loop': [...call('timer', TICK_MICROSECONDS), ...repeat(TICKS, [...POLL, ...storeRegister('PENDING', 0)]), ...END],
  'idle, woken by each tick': [...call('timer', TICK_MICROSECONDS), ...repeat(TICKS, [...call('idle', 0), ...storeRegister('PENDING', 0)]), ...END],
  'idle with a timeout': [...repeat(SLEEPS, call('idle', SLEEP_MICROSECONDS)), ...END],
} as const;
const COMPUTES = [...repeat(WORK / 2, []), ...END];

/** Sleepers of one kind and one that computes, to their ends: when that was, in milliseconds of host time, and what the first sleeper took. */
function measure(way: keyof typeof GUESTS) {
  const host = new VmHost(core, { ramBytes: RAM_BYTES });
  const launch = (code: readonly number[]): VmProcess => {
    const image: GuestImage = tinyGuest(code);
    const launched = host.launch(image, { memoryBytes: MEMORY_BYTES });
    if (!launched.ok) throw new Error(launched.problem);
    return launched.process;
  };
  const worker = launch(COMPUTES);
  const sleepers = Array.from({ length: SLEEPERS }, () => launch(GUESTS[way]));
  expect(host.run(Infinity)).toBe('ended');
  for (const { result } of [worker, ...sleepers]) expect(result?.end).toEqual({ kind: 'power-off', status: 0 });
  const [{ account, time, result }] = sleepers;
  return { worker: (worker.result?.endedAt ?? 0) / MILLISECOND, wakes: account.wakes, time, passed: Math.round(((result?.retired ?? 0) + (result?.slept ?? 0)) / MILLISECOND) };
}

describe('ways to be idle', () => {
  it('let the same time pass for the guest, and take more and less from the others', () => {
    const [busy, ticks, timeout] = [measure('an idle loop'), measure('idle, woken by each tick'), measure('idle with a timeout')];
    for (const each of [busy, ticks, timeout]) expect(each.passed).toBe((SLEEPS * SLEEP_MICROSECONDS) / 1000);
    expect([busy.wakes, ticks.wakes, timeout.wakes]).toEqual([0, TICKS, SLEEPS]);
    // The worker has the processor for itself, or one turn of five.
    expect(timeout.worker).toBeCloseTo(WORK / MILLISECOND, 0);
    expect(busy.worker).toBeGreaterThan((SLEEPERS * WORK) / MILLISECOND);
    expect(busy.time).toBeGreaterThan(SLEEPS * SLEEP_MICROSECONDS * (MILLISECOND / 1000));
    expect(timeout.time).toBeLessThan(ticks.time);
  });
});
