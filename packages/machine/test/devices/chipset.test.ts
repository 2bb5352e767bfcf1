import { beforeEach, describe, expect, it } from 'vitest';
import { PortBus } from '../../src/bus.js';
import { DmaControllers } from '../../src/devices/dma.js';
import { EdgeLevelControl } from '../../src/devices/edge-level.js';
import { PciConfiguration } from '../../src/devices/pci-configuration.js';
import { PicPair } from '../../src/devices/pic.js';

let bus: PortBus;
beforeEach(() => (bus = new PortBus()));

const get = (port: number): number => bus.read(port, 1);
const put = (port: number, ...values: number[]): void => values.forEach((value) => bus.write(port, 1, value));

describe('PCI configuration', () => {
  beforeEach(() => new PciConfiguration().attach(bus));

  it('is found by mechanism 1 and has no device', () => {
    put(0xcfb, 0x01);
    const saved = bus.read(0xcf8, 4);
    bus.write(0xcf8, 4, 0x80000000 | 0);
    expect([saved, bus.read(0xcf8, 4)]).toEqual([0, 0x80000000 | 0]);
    for (let device = 0; device < 32; device++) {
      bus.write(0xcf8, 4, (0x80000000 | (device << 11)) | 0);
      expect([bus.read(0xcfc, 4), bus.read(0xcfc, 2), bus.read(0xcfe, 2), get(0xcff)]).toEqual([-1, 0xffff, 0xffff, 0xff]);
      bus.write(0xcfc, 4, 0);
    }
  });

  it('keeps the implemented address bits', () => {
    bus.write(0xcf8, 4, -1);
    expect(bus.read(0xcf8, 4)).toBe(0x80fffffc | 0);
  });

  it('has no mechanism 2 and no reset register', () => {
    put(0xcfb, 0);
    put(0xcf8, 0);
    put(0xcfa, 0);
    put(0xcf9, 6);
    expect([get(0xcf8), get(0xcf9), get(0xcfa), bus.read(0xcf8, 2), bus.read(0xcf8, 4)]).toEqual([0xff, 0xff, 0xff, 0xffff, 0]);
  });

  it('forgets the address at a reset', () => {
    const other = new PortBus();
    const pci = new PciConfiguration();
    pci.attach(other);
    other.write(0xcf8, 4, 0x80000010 | 0);
    pci.reset();
    expect(other.read(0xcf8, 4)).toBe(0);
  });
});

describe('the DMA controllers', () => {
  let dma: DmaControllers;
  beforeEach(() => {
    dma = new DmaControllers();
    dma.attach(bus);
  });

  it('keep addresses and counts, low byte first', () => {
    put(0x0c, 0);
    for (let register = 0; register < 8; register++) put(register, register, 0x80 | register);
    for (let register = 0; register < 8; register++) put(0xc0 + 2 * register, 0x10 | register, 0x90 | register);
    for (let register = 0; register < 8; register++) {
      expect([get(register), get(register), get(0xc0 + 2 * register), get(0xc0 + 2 * register)]).toEqual([register, 0x80 | register, 0x10 | register, 0x90 | register]);
    }
  });

  it('share one flip-flop among the channels of a chip', () => {
    put(0x00, 0x34, 0x12);
    expect(get(0x00)).toBe(0x34);
    put(0xd8, 0);
    expect(get(0x00)).toBe(0x12);
    expect(get(0x00)).toBe(0x34);
    put(0x0c, 0);
    expect(get(0x00)).toBe(0x34);
    put(0x00, 0xab);
    expect([get(0x00), get(0x00)]).toEqual([0x34, 0xab]);
  });

  it('mask, request and clear channels', () => {
    expect([get(0x0f), get(0xde), get(0x08)]).toEqual([0xff, 0xff, 0]);
    put(0x0a, 0x02);
    put(0x09, 0x06);
    expect([get(0x0f), get(0x08)]).toEqual([0xfb, 0x40]);
    put(0x0e, 0);
    put(0x0a, 0x05);
    put(0x09, 0x02);
    expect([get(0x0f), get(0x08)]).toEqual([0xf2, 0]);
    put(0x0f, 0x09);
    expect(get(0x0f)).toBe(0xf9);
    put(0x09, 0x07);
    put(0x00, 1);
    put(0x0d, 0);
    expect([get(0x0f), get(0x08), get(0x0d), get(0x00)]).toEqual([0xff, 0, 0, 1]);
    put(0x08, 0x10);
    put(0x0b, 0x41);
    expect([get(0x0b), get(0x0a), get(0xd6)]).toEqual([0xff, 0xff, 0xff]);
  });

  it('keep the page registers and leave port 80h alone', () => {
    expect(bus.isRegistered(0x80)).toBe(false);
    for (let port = 0x81; port <= 0x8f; port++) put(port, port ^ 0xff);
    for (let port = 0x81; port <= 0x8f; port++) expect(get(port)).toBe(port ^ 0xff);
    put(0x0e, 0);
    dma.reset();
    expect([get(0x81), get(0x8f), get(0x0f)]).toEqual([0, 0, 0xff]);
  });
});

describe('the edge/level control', () => {
  let pic: PicPair;
  let control: EdgeLevelControl;
  beforeEach(() => {
    pic = new PicPair(() => undefined);
    pic.attach(bus);
    control = new EdgeLevelControl(pic);
    control.attach(bus);
    for (const [port, base, cascade] of [[0x20, 0x20, 4], [0xa0, 0x28, 2]]) {
      put(port, 0x11);
      put(port + 1, base, cascade, 0x01, 0x00);
    }
  });

  const endOfInterrupt = (): void => {
    put(0xa0, 0x20);
    put(0x20, 0x20);
  };

  it('keeps the bits of the inputs that can be either', () => {
    bus.write(0x4d0, 2, 0xffff);
    expect([get(0x4d0), get(0x4d1)]).toEqual([0xf8, 0xde]);
  });

  it('makes an input ask again while its line stays up', () => {
    put(0x4d1, 0x40);
    pic.setLine(14, true);
    expect([pic.acknowledge(), pic.interruptPin]).toEqual([0x2e, false]);
    endOfInterrupt();
    expect(pic.interruptPin).toBe(true);
    pic.setLine(14, false);
    expect(pic.interruptPin).toBe(false);
  });

  it('leaves the other inputs edge triggered, and all of them after a reset', () => {
    put(0x4d1, 0x40);
    pic.setLine(11, true);
    expect(pic.acknowledge()).toBe(0x2b);
    endOfInterrupt();
    expect(pic.interruptPin).toBe(false);
    control.reset();
    expect(get(0x4d1)).toBe(0);
    pic.setLine(14, true);
    expect(pic.acknowledge()).toBe(0x2e);
    endOfInterrupt();
    expect(pic.interruptPin).toBe(false);
  });

  it('sees a line that is up already when it becomes level triggered', () => {
    pic.setLine(5, true);
    expect(pic.acknowledge()).toBe(0x25);
    endOfInterrupt();
    put(0x4d0, 0x20);
    expect(pic.interruptPin).toBe(true);
  });
});
