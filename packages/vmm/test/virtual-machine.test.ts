import { describe, expect, it } from 'vitest';
import { Debug6, Flag, Vector, Word } from '@ringbench/isa';
import { VmFixture } from './support.js';

/** Programs the virtual interrupt controllers (vectors from 20h) and channel 0 of the virtual timer; a count is some 168 instructions. */
function startTimer({ vm }: VmFixture, count: number, mask = 0xfe): void {
  const writes: readonly (readonly [number, number])[] = [[0x20, 0x11], [0x21, 0x20], [0x21, 4], [0x21, 1], [0x21, mask], [0x43, 0x34], [0x40, count & 0xff], [0x40, count >>> 8]];
  for (const [port, value] of writes) vm.pc.bus.write(port, 1, value);
}

function allowInterrupts({ state }: VmFixture): void {
  state[Word.FLAG_SYSTEM] |= Flag.IF;
}

describe('VirtualMachine', () => {
  it('a halted guest sleeps to its timer’s interrupt', () => {
    const fixture = new VmFixture();
    startTimer(fixture, 100);
    allowInterrupts(fixture);
    fixture.vm.processor.halted = true;
    expect(fixture.vm.settle()).toBe(true);
    expect(fixture.vm.pending).toEqual({ kind: 'interrupt', vector: 0x20 });
    expect([fixture.vm.processor.halted, fixture.clock.retired, fixture.counters.injectedInterrupts]).toEqual([false, 0, 1]);
    expect(fixture.clock.idle).toBeGreaterThan(10_000);
  });

  it('with interrupts off, in a shadow, or behind an exception the interrupt waits and a window is asked for', () => {
    const off = new VmFixture();
    const shadowed = new VmFixture();
    const behind = new VmFixture();
    for (const fixture of [off, shadowed, behind]) {
      startTimer(fixture, 10);
      fixture.clock.sleepUntil(10_000);
    }
    allowInterrupts(shadowed);
    shadowed.vm.processor.interruptsInhibited = true;
    allowInterrupts(behind);
    const exception = { kind: 'exception', vector: Vector.GP, errorCode: 0 } as const;
    behind.vm.pending = exception;
    for (const [fixture, pending] of [[off, undefined], [shadowed, undefined], [behind, exception]] as const) {
      expect(fixture.vm.settle()).toBe(true);
      expect(fixture.vm.pending).toEqual(pending);
      expect(fixture.vm.awaitsInterruptWindow).toBe(true);
    }
  });

  it('a guest that nothing can wake is told from one that sleeps', () => {
    const off = new VmFixture();
    startTimer(off, 10);
    off.vm.processor.halted = true;
    expect(off.vm.settle()).toBe(false);
    const silent = new VmFixture();
    allowInterrupts(silent);
    silent.vm.processor.halted = true;
    expect(silent.vm.settle()).toBe(false);
    const masked = new VmFixture();
    startTimer(masked, 2, 0xff);
    allowInterrupts(masked);
    masked.vm.processor.halted = true;
    expect(masked.vm.settle()).toBe(false);
  });

  it('an interpreted instruction takes one unit of time, and traps when single-stepped', () => {
    const fixture = new VmFixture();
    fixture.vm.instructionCompleted(false);
    expect([fixture.clock.now(), fixture.counters.interpreted, fixture.vm.pending]).toEqual([1, 1, undefined]);
    fixture.vm.processor.halted = true;
    fixture.vm.instructionCompleted(true);
    expect(fixture.vm.pending).toEqual({ kind: 'exception', vector: Vector.DB, errorCode: 0 });
    expect(fixture.state[Word.DR + 6] & Debug6.BS).toBe(Debug6.BS);
    expect(fixture.vm.processor.halted).toBe(false);
  });

  it('gives an instruction its turn after 15 interrupts at one time', () => {
    const fixture = new VmFixture();
    // Automatic end of interrupt and a level-triggered input that stays up: the pin never falls.
    for (const [port, value] of [[0x20, 0x19], [0x21, 0x20], [0x21, 4], [0x21, 3], [0x21, 0xf7]] as const) fixture.vm.pc.bus.write(port, 1, value);
    fixture.vm.pc.pic.setLine(3, true);
    allowInterrupts(fixture);
    for (let interrupt = 0; interrupt < 15; interrupt++) {
      fixture.vm.settle();
      expect(fixture.vm.pending).toEqual({ kind: 'interrupt', vector: 0x23 });
      fixture.vm.pending = undefined;
    }
    fixture.vm.settle();
    expect([fixture.vm.pending, fixture.vm.awaitsInterruptWindow, fixture.vm.deadline]).toEqual([undefined, false, fixture.clock.now() + 1]);
    fixture.vm.instructionCompleted(false);
    fixture.vm.settle();
    expect(fixture.vm.pending).toEqual({ kind: 'interrupt', vector: 0x23 });
  });

  it('keeps the power-off status until it is taken', () => {
    const { vm } = new VmFixture();
    expect(vm.isPoweredOff).toBe(false);
    expect(() => vm.takePowerOff()).toThrow('not powered off');
    vm.pc.bus.write(0xf4, 1, 3);
    expect([vm.isPoweredOff, vm.takePowerOff(), vm.isPoweredOff]).toEqual([true, 3, false]);
  });
});
