import { describe, expect, it } from 'vitest';
import { GuestClock } from '../src/index.js';

describe('GuestClock', () => {
  it('counts what the guest completed, not what the machine did meanwhile', () => {
    let machine = 1000;
    const clock = new GuestClock(() => machine);
    expect(clock.now()).toBe(0);
    machine += 10; // the guest runs
    clock.instructionEmulated();
    machine += 1; // the VMM returns
    clock.monitorInstructionRetired();
    machine += 5;
    expect([clock.now(), clock.retired]).toEqual([16, 16]);
  });

  it('sleeps without retiring', () => {
    const clock = new GuestClock(() => 0);
    clock.instructionEmulated();
    clock.sleepUntil(500);
    expect([clock.now(), clock.idle, clock.retired]).toEqual([500, 499, 1]);
  });

  it('knows at which machine time a guest time comes', () => {
    let machine = 77;
    const clock = new GuestClock(() => machine);
    clock.sleepUntil(1000);
    const due = clock.toMachineTime(1250);
    machine = due;
    expect(clock.now()).toBe(1250);
  });
});
