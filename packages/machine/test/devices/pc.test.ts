import { describe, expect, it } from 'vitest';
import { TickRate } from '../../src/clock.js';
import { createPc } from '../../src/devices/pc.js';
import type { Pc } from '../../src/devices/pc.js';
import { PIT_FREQUENCY } from '../../src/devices/pit.js';
import { GuestTime } from './guest-time.js';

interface TestPc {
  readonly pc: Pc;
  readonly time: GuestTime;
  /** INTR pin changes with their instruction numbers. */
  readonly pin: [instruction: number, asserted: boolean][];
  readonly console: number[];
  readonly events: string[];
}

function makePc(ramBytes = 64 << 20): TestPc {
  const time = new GuestTime();
  const pin: TestPc['pin'] = [];
  const console: number[] = [];
  const events: string[] = [];
  const pc = createPc({
    now: () => time.now,
    ramBytes,
    onConsole: (byte) => console.push(byte),
    onExit: (status) => events.push(`exit ${status}`),
    onInterruptPin: (asserted) => pin.push([time.now, asserted]),
    onDeadlineChanged: () => events.push('deadline'),
    onReset: () => events.push('reset'),
    onPostCode: (code) => events.push(`post ${code}`),
  });
  return { pc, time, pin, console, events };
}

function initializePics({ bus }: Pc): void {
  for (const [port, base, cascade] of [[0x20, 0x20, 4], [0xa0, 0x28, 2]]) {
    bus.write(port, 1, 0x11);
    for (const word of [base, cascade, 0x01, 0x00]) bus.write(port + 1, 1, word);
  }
}

function programTimer({ bus }: Pc, count: number): void {
  bus.write(0x43, 1, 0x34);
  bus.write(0x40, 1, count & 0xff);
  bus.write(0x40, 1, count >> 8);
}

const at = (tick: number): number => new TickRate(PIT_FREQUENCY).instructionsAt(tick);

describe('createPc', () => {
  it('wires the timer to IRQ 0 on exact instructions', () => {
    const { pc, time, pin } = makePc();
    initializePics(pc);
    programTimer(pc, 1000);
    expect(pin).toEqual([]);
    const taken: number[] = [];
    while (taken.length < 3) {
      time.runTo(pc.clock.nextDeadline(), pc.clock);
      if (!pc.pic.interruptPin) continue;
      taken.push(time.now);
      expect(pc.pic.acknowledge()).toBe(0x20);
      pc.bus.write(0x20, 1, 0x20);
    }
    expect(taken).toEqual([at(1001), at(2001), at(3001)]);
  });

  it('keeps a tick pending while interrupts are not taken, except for the low pulse', () => {
    const { pc, time, pin } = makePc();
    initializePics(pc);
    programTimer(pc, 1000);
    time.runTo(at(2500), pc.clock);
    expect(pin).toEqual([[at(1001), true], [at(2000), false], [at(2001), true]]);
    expect(pc.pic.acknowledge()).toBe(0x20);
  });

  it('wires COM1 to IRQ 4 and to the console', () => {
    const { pc, console } = makePc();
    initializePics(pc);
    pc.bus.write(0x3fc, 1, 0x0b);
    pc.bus.write(0x3f9, 1, 0x01);
    pc.uart.receive(0x41);
    expect(pc.pic.acknowledge()).toBe(0x24);
    pc.bus.write(0x3f8, 1, pc.bus.read(0x3f8, 1));
    pc.bus.write(0xe9, 1, 0x42);
    expect(console).toEqual([0x41, 0x42]);
  });

  it('wires the clock to IRQ 8', () => {
    const { pc, time } = makePc();
    initializePics(pc);
    pc.bus.write(0x70, 1, 0x0b);
    pc.bus.write(0x71, 1, 0x42);
    time.runTo(200_000, pc.clock);
    expect(pc.pic.acknowledge()).toBe(0x28);
  });

  it('reports exit, reset, POST code and earlier deadlines', () => {
    const { pc, events } = makePc();
    pc.bus.write(0x80, 1, 0x55);
    pc.bus.write(0x92, 1, 0x01);
    pc.bus.write(0xf4, 4, 33);
    expect(events).toEqual(['post 85', 'reset', 'exit 33']);
    programTimer(pc, 1000);
    expect(events.at(-1)).toBe('deadline');
  });

  it('leaves the marker port, the keyboard and the rest of the ports alone', () => {
    const { pc } = makePc();
    for (const port of [0xe8, 0x60, 0x64, 0x84, 0xed, 0x2f8, 0xcf8]) expect(pc.bus.isRegistered(port)).toBe(false);
  });

  it('needs only the required options', () => {
    const pc = createPc({ now: () => 0, ramBytes: 1 << 20, onExit: () => undefined, onInterruptPin: () => undefined });
    pc.bus.write(0x3f8, 1, 0x41);
    pc.bus.write(0xe9, 1, 0x41);
    pc.bus.write(0x92, 1, 1);
    programTimer(pc, 10);
    expect(pc.clock.nextDeadline()).toBe(168);
  });

  it('scales to another nominal speed', () => {
    const pc = createPc({ now: () => 0, ramBytes: 1 << 20, onExit: () => undefined, onInterruptPin: () => undefined, instructionsPerSecond: PIT_FREQUENCY });
    programTimer(pc, 10);
    expect(pc.clock.nextDeadline()).toBe(1);
  });
});

describe('reset', () => {
  it('silences every device and forgets its deadlines', () => {
    const { pc, time, pin, events } = makePc();
    initializePics(pc);
    programTimer(pc, 1000);
    pc.bus.write(0x80, 1, 1);
    pc.bus.write(0x71, 1, 1);
    time.runTo(at(1001), pc.clock);
    expect(pin).toEqual([[at(1001), true]]);
    pc.reset();
    expect(pin).toEqual([[at(1001), true], [at(1001), false]]);
    expect(pc.clock.nextDeadline()).toBe(Infinity);
    time.runTo(at(100_000), pc.clock);
    expect(pin).toHaveLength(2);
    expect(pc.bus.read(0x80, 1)).toBe(0);
    expect(events.filter((event) => event === 'reset')).toEqual([]);
  });
});

describe('two machines side by side', () => {
  it('do not interfere', () => {
    const alone = makePc();
    initializePics(alone.pc);
    programTimer(alone.pc, 500);
    alone.time.runTo(at(5000), alone.pc.clock);

    const [first, second] = [makePc(), makePc(8 << 20)];
    initializePics(first.pc);
    programTimer(first.pc, 500);
    initializePics(second.pc);
    second.pc.bus.write(0x21, 1, 0xff);
    programTimer(second.pc, 77);
    for (let tick = 100; tick <= 5000; tick += 100) {
      first.time.runTo(at(tick), first.pc.clock);
      second.time.runTo(at(tick) * 3, second.pc.clock);
      second.pc.bus.write(0x3f8, 1, tick & 0xff);
      second.pc.bus.write(0x70, 1, 0x10);
    }
    expect(first.pin).toEqual(alone.pin);
    expect(first.pin.length).toBeGreaterThan(10);
    expect(second.pin).toEqual([]);
    expect([first.console.length, second.console.length]).toEqual([0, 50]);
    expect(first.pc.bus.read(0x21, 1)).toBe(0);
    const extended = (pc: Pc): number => {
      pc.bus.write(0x70, 1, 0x18);
      return pc.bus.read(0x71, 1) * 256;
    };
    expect([extended(first.pc), extended(second.pc)]).toEqual([63 * 1024, 7 * 1024]);
  });
});
