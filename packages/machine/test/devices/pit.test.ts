import { beforeEach, describe, expect, it } from 'vitest';
import { PortBus } from '../../src/bus.js';
import { TickRate } from '../../src/clock.js';
import { Pit, PIT_FREQUENCY } from '../../src/devices/pit.js';
import { GuestTime } from './guest-time.js';

const rate = new TickRate(PIT_FREQUENCY);
/** First instruction of a tick. */
const at = (tick: number): number => rate.instructionsAt(tick);

let time: GuestTime;
let bus: PortBus;
let edges: [instruction: number, level: boolean][];

beforeEach(() => {
  time = new GuestTime();
  bus = new PortBus();
  edges = [];
  let level = true;
  const pit = new Pit(time.clock, (out) => {
    if (out !== level) edges.push([time.now, out]);
    level = out;
  });
  pit.attach(bus);
});

function program(control: number, ...bytes: number[]): void {
  bus.write(0x43, 1, control);
  for (const byte of bytes) bus.write(0x40 + (control >> 6), 1, byte);
}

describe('channel 0', () => {
  it('makes no edge and no deadline before it is programmed', () => {
    time.runTo(1e9);
    expect(edges).toEqual([]);
    expect(time.clock.nextDeadline()).toBe(Infinity);
  });

  it('falls and rises in mode 2 on exact instructions', () => {
    program(0x34, 0x9c, 0x2e); // 11932: Linux's 100 Hz
    expect(time.clock.nextDeadline()).toBe(at(1)); // the load
    time.runTo(at(1 + 3 * 11932));
    expect(edges).toEqual([1, 2, 3].flatMap((n) => [[at(n * 11932), false], [at(n * 11932 + 1), true]]));
    expect(at(11932)).toBe(2_000_031); // ceil(11932 · 200e6 / 1193182)
    expect(at(11933)).toBe(2_000_198);
  });

  it('does not drift: 1193182 ticks are 200 million instructions', () => {
    program(0x34, 0x02, 0x00);
    time.now = 200_000_000 - 1;
    time.clock.fireDue(0);
    bus.write(0x43, 1, 0x00);
    const before = bus.read(0x40, 1);
    time.now++;
    bus.read(0x40, 1);
    bus.write(0x43, 1, 0x00);
    expect(bus.read(0x40, 1)).not.toBe(before);
  });

  it('takes reload 0 for 65536 in modes 2 and 3', () => {
    program(0x34, 0, 0);
    time.runTo(at(65537));
    expect(edges).toEqual([[at(65536), false], [at(65537), true]]);
    edges.length = 0;
    program(0x36, 0, 0);
    time.runTo(at(2 * 65536 + 2));
    expect(edges).toEqual([[at(65537 + 1 + 32768), false], [at(65537 + 1 + 65536), true]]);
  });

  it('makes one edge in mode 0 and a strobe in mode 4', () => {
    program(0x30, 10, 0);
    expect(edges).toEqual([[0, false]]);
    time.runTo(at(1000));
    expect(edges).toEqual([[0, false], [at(11), true]]);
    expect(time.clock.nextDeadline()).toBe(Infinity);
    edges.length = 0;
    program(0x38, 10, 0);
    time.runTo(at(3000));
    expect(edges).toEqual([[at(1011), false], [at(1012), true]]);
    expect(time.clock.nextDeadline()).toBe(Infinity);
  });

  it('forgets its edge when programmed anew and when reset', () => {
    program(0x34, 10, 0);
    bus.write(0x43, 1, 0x34);
    expect(time.clock.nextDeadline()).toBe(Infinity);
    time.runTo(at(100));
    expect(edges).toEqual([]);
  });

  it('counts on in one-byte access modes', () => {
    program(0x14, 100); // low byte only
    time.runTo(at(11));
    expect(bus.read(0x40, 1)).toBe(90);
    expect(bus.read(0x40, 1)).toBe(90);
    program(0x24, 1); // high byte only: 256
    time.runTo(at(12));
    expect(bus.read(0x40, 1)).toBe(1);
    time.runTo(at(13));
    expect(bus.read(0x40, 1)).toBe(0);
  });
});

describe('reading', () => {
  it('reads the running counter byte by byte and a latched one whole', () => {
    program(0x34, 0x00, 0x10); // 4096, loaded at tick 1
    time.runTo(at(2));
    expect(bus.read(0x40, 1)).toBe(0xff); // 4095
    expect(bus.read(0x40, 1)).toBe(0x0f);
    bus.write(0x43, 1, 0x00);
    time.runTo(at(300));
    bus.write(0x43, 1, 0x00); // ignored: the first is not read yet
    expect(bus.read(0x40, 1)).toBe(0xff);
    expect(bus.read(0x40, 1)).toBe(0x0f);
    expect(bus.read(0x40, 1) | (bus.read(0x40, 1) << 8)).toBe(4096 - 299);
  });

  it('changes on the exact instruction of a tick', () => {
    program(0x14, 0);
    time.now = at(50) - 1;
    expect(bus.read(0x40, 1)).toBe((256 - 48) & 0xff);
    time.now = at(50);
    expect(bus.read(0x40, 1)).toBe((256 - 49) & 0xff);
  });

  it('reads back status before count, of several channels', () => {
    program(0x36, 0x10, 0x00);
    program(0xb0, 0x20, 0x00);
    bus.write(0x43, 1, 0xca); // read back channels 0 and 2: count and status
    time.runTo(at(5));
    expect(bus.read(0x40, 1)).toBe(0x80 | 0x40 | 0x36); // OUT high, null count
    expect(bus.read(0x42, 1)).toBe(0x40 | 0x30);
    bus.read(0x40, 1);
    bus.read(0x40, 1);
    bus.write(0x43, 1, 0xe2); // status of channel 0 alone
    bus.write(0x43, 1, 0xe2);
    expect(bus.read(0x40, 1)).toBe(0x80 | 0x36);
    time.runTo(at(6));
    expect(bus.read(0x40, 1)).toBe(0x10 - 2 * 5); // no second status; six ticks after the write, five after the load
    time.runTo(at(10));
    bus.read(0x40, 1);
    bus.write(0x43, 1, 0xe2);
    expect(bus.read(0x40, 1)).toBe(0x36); // the low half
    bus.write(0x43, 1, 0xd2); // count of channel 0 alone
    time.runTo(at(14));
    expect(bus.read(0x40, 1)).toBe(0x10 - 2 * 1);
  });

  it('keeps the first latched status', () => {
    program(0x16, 4); // low at ticks 3 and 4
    time.runTo(at(2));
    bus.write(0x43, 1, 0xe2);
    time.runTo(at(3));
    bus.write(0x43, 1, 0xe2);
    expect(bus.read(0x40, 1)).toBe(0x80 | 0x16);
    bus.write(0x43, 1, 0xe2);
    expect(bus.read(0x40, 1)).toBe(0x16);
  });

  it('reports modes 6 and 7 as written', () => {
    program(0x1c, 5);
    bus.write(0x43, 1, 0xe2);
    expect(bus.read(0x40, 1) & 0x3f).toBe(0x1c);
    time.runTo(at(5));
    expect(edges).toEqual([[at(5), false]]);
  });

  it('drops latches with a new control word', () => {
    program(0x34, 0, 1);
    bus.write(0x43, 1, 0x00);
    bus.write(0x43, 1, 0xe2);
    program(0x14, 7);
    time.runTo(at(1));
    expect(bus.read(0x40, 1)).toBe(7);
  });

  it('floats at the control register', () => {
    expect(bus.read(0x43, 1)).toBe(0xff);
  });

  it('counts channel 1 too, without interrupting', () => {
    program(0x54, 18);
    expect(time.clock.nextDeadline()).toBe(Infinity);
    time.runTo(at(4));
    expect(bus.read(0x41, 1)).toBe(15);
  });
});

describe('port 61h', () => {
  it('gates channel 2 and shows its OUT, as kernels calibrate against it', () => {
    bus.write(0x61, 1, (bus.read(0x61, 1) & ~0x02) | 0x01);
    program(0xb0, 0x9c, 0x2e);
    expect(bus.read(0x61, 1) & 0x20).toBe(0);
    time.now = at(11933) - 1;
    expect(bus.read(0x61, 1) & 0x20).toBe(0);
    time.now = at(11933);
    expect(bus.read(0x61, 1) & 0x20).toBe(0x20);
  });

  it('holds channel 2 while the gate is low', () => {
    bus.write(0x61, 1, 0x00);
    program(0xb0, 10, 0);
    time.now = at(1000);
    expect(bus.read(0x61, 1) & 0x20).toBe(0);
    bus.write(0x61, 1, 0x01);
    time.now = at(1009);
    expect(bus.read(0x61, 1) & 0x20).toBe(0);
    time.now = at(1010);
    expect(bus.read(0x61, 1) & 0x20).toBe(0x20);
  });

  it('stores the low four bits only', () => {
    bus.write(0x61, 1, 0xff);
    expect(bus.read(0x61, 1) & 0xcf).toBe(0x0f);
  });

  it('toggles the refresh bit every 18 ticks', () => {
    const refresh = (tick: number): number => {
      time.now = tick;
      return bus.read(0x61, 1) & 0x10;
    };
    expect([refresh(0), refresh(at(18) - 1), refresh(at(18)), refresh(at(36) - 1), refresh(at(36))]).toEqual([0, 0, 0x10, 0x10, 0]);
  });
});
