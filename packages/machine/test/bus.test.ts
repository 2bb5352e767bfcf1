import { describe, expect, it } from 'vitest';
import { PORT_COUNT, PortBus } from '../src/bus.js';
import type { PortHandlers } from '../src/bus.js';

/** A byte-wide device that answers with the low byte of its port and records writes. */
function byteDevice(log: string[]): PortHandlers {
  return {
    readByte: (port) => {
      log.push(`r${port.toString(16)}`);
      return port & 0xff;
    },
    writeByte: (port, value) => log.push(`w${port.toString(16)}=${value.toString(16)}`),
  };
}

describe('PortBus', () => {
  it('reads all ones of the width where no device is and ignores writes', () => {
    const bus = new PortBus();
    expect(bus.read(0x1234, 1)).toBe(0xff);
    expect(bus.read(0x1234, 2)).toBe(0xffff);
    expect(bus.read(0x1234, 4)).toBe(-1);
    bus.write(0x1234, 4, 0x12345678);
    expect(bus.isRegistered(0x1234)).toBe(false);
  });

  it('splits a wide access to a byte-wide device, little endian, at ascending ports', () => {
    const bus = new PortBus();
    const log: string[] = [];
    bus.register(0x300, 4, byteDevice(log));
    expect(bus.read(0x300, 2)).toBe(0x0100);
    expect(bus.read(0x300, 4)).toBe(0x03020100);
    bus.write(0x301, 2, 0xbeef);
    bus.write(0x300, 4, 0x89abcdef | 0);
    expect(log).toEqual(['r300', 'r301', 'r300', 'r301', 'r302', 'r303', 'w301=ef', 'w302=be', 'w300=ef', 'w301=cd', 'w302=ab', 'w303=89']);
  });

  it('lets a split access run across devices and gaps', () => {
    const bus = new PortBus();
    const log: string[] = [];
    bus.register(0x301, 1, { readByte: () => 0x11 });
    bus.register(0x303, 1, byteDevice(log));
    expect(bus.read(0x300, 4)).toBe(0x03ff11ff);
    expect(bus.read(0x2ff, 4)).toBe(0xff11ffff | 0);
    bus.write(0x302, 2, 0x5a00);
    expect(log).toEqual(['r303', 'w303=5a']);
  });

  it('gives a wide access whole to a device of that width, and a long in words to a word-wide one', () => {
    const bus = new PortBus();
    const log: string[] = [];
    bus.register(0x1f0, 1, {
      readWord: () => 0xcafe,
      writeWord: (port, value) => log.push(`${port.toString(16)}=${value.toString(16)}`),
    });
    bus.register(0x500, 1, { readLong: () => 0x80000000 | 0, writeLong: (_, value) => log.push(`long ${value}`) });
    expect(bus.read(0x1f0, 1)).toBe(0xff);
    expect(bus.read(0x1f0, 2)).toBe(0xcafe);
    expect(bus.read(0x1f0, 4)).toBe(0xffffcafe | 0);
    expect(bus.read(0x500, 4)).toBe(-0x80000000);
    bus.write(0x1f0, 2, 0xffff1234);
    bus.write(0x1f0, 4, 0xabcd5678);
    bus.write(0x500, 4, 0xffffffff);
    expect(log).toEqual(['1f0=1234', '1f0=5678', 'long -1']);
  });

  it('masks what is written to the width', () => {
    const bus = new PortBus();
    const log: string[] = [];
    bus.register(0x80, 1, byteDevice(log));
    bus.write(0x80, 1, -1);
    bus.write(0x80, 1, 0x1234);
    expect(log).toEqual(['w80=ff', 'w80=34']);
  });

  it('ends at port FFFF: nothing lies behind it and nothing wraps', () => {
    const bus = new PortBus();
    const log: string[] = [];
    bus.register(PORT_COUNT - 1, 1, byteDevice(log));
    bus.register(0, 1, byteDevice(log));
    expect(bus.read(0xffff, 4)).toBe(-1);
    expect(bus.read(0xfffe, 2)).toBe(0xffff);
    bus.write(0xffff, 4, 0x01020304);
    expect(log).toEqual(['rffff', 'rffff', 'wffff=4']);
  });

  it('rejects overlapping and impossible registrations and changes nothing then', () => {
    const bus = new PortBus();
    bus.register(0x20, 2, { readByte: () => 1 });
    expect(() => bus.register(0x1f, 2, {})).toThrow(/port 20/);
    expect(bus.isRegistered(0x1f)).toBe(false);
    expect(() => bus.register(0xffff, 2, {})).toThrow(/no such ports/);
    expect(() => bus.register(-1, 1, {})).toThrow(/no such ports/);
    expect(bus.read(0x20, 1)).toBe(1);
    expect(bus.isRegistered(0x21)).toBe(true);
  });
});

describe('observe', () => {
  it('sees each byte written to a port, and leaves the device there to itself', () => {
    const bus = new PortBus();
    let stored = 0;
    const seen: number[] = [];
    bus.register(0x80, 1, { readByte: () => stored, writeByte: (_port, value) => (stored = value) });
    bus.observe(0x80, (value) => seen.push(value));
    bus.observe(0x90, (value) => seen.push(value));
    bus.write(0x80, 1, 1);
    bus.write(0x80, 2, 0x1234);
    bus.write(0x8f, 2, 0x5600);
    expect([seen, bus.read(0x80, 1), bus.read(0x90, 1)]).toEqual([[1, 0x34, 0x56], 0x34, 0xff]);
  });

  it('shares ports with another bus, in place of what was there, and once for many ports', () => {
    const [bus, other] = [new PortBus(), new PortBus()];
    bus.register(0x100, 4, { readByte: () => 1 });
    other.register(0x100, 2, { readByte: (port) => port & 0xff, readWord: () => 0x1234 });
    for (let again = 0; again < 300; again++) bus.share({ first: 0x100, count: 3 }, other);
    expect([bus.read(0x101, 1), bus.read(0x100, 2), bus.read(0x102, 1), bus.read(0x103, 1)]).toEqual([1, 0x1234, 0xff, 1]);
  });
});
