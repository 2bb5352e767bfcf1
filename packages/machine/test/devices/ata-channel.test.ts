import { describe, expect, it } from 'vitest';
import { PortBus } from '../../src/bus.js';
import { AtaChannel } from '../../src/devices/ata-channel.js';
import { AtaHost, BSY, CONTROL, COUNT, DEVICE, DRQ, ERROR, HIGH, LOW, numberedImage, RESET_TIME, SECTOR, SLAVE, STATUS } from './ata-host.js';
import { GuestTime } from './guest-time.js';

const READY = 0x50;
const NIEN = 0x02;
const SRST = 0x04;

const one = (): AtaHost => new AtaHost(numberedImage(5000));
const two = (): AtaHost => new AtaHost(numberedImage(5000), numberedImage(70));

/** The signature of a disk: sector count and number 1, cylinder 0. */
const signature = (host: AtaHost): number[] => [COUNT, SECTOR, LOW, HIGH].map((register) => host.get(register));
const DISK = [1, 1, 0, 0];

/** How Linux's libata looks for a device: patterns that only registers keep. */
function keepsPatterns(host: AtaHost, device: number): boolean {
  host.put(DEVICE, 0xa0 | device);
  for (const [count, sector] of [[0x55, 0xaa], [0xaa, 0x55], [0x55, 0xaa]]) {
    host.put(COUNT, count);
    host.put(SECTOR, sector);
  }
  return host.get(COUNT) === 0x55 && host.get(SECTOR) === 0xaa;
}

/** libata's software reset and classification; gives which devices it finds to be disks. */
function probe(host: AtaHost): boolean[] {
  const candidates = [keepsPatterns(host, 0), keepsPatterns(host, SLAVE)];
  host.put(DEVICE, 0xa0);
  host.bus.write(CONTROL, 1, 0x08);
  host.pass(4000);
  host.bus.write(CONTROL, 1, 0x08 | SRST);
  host.pass(4000);
  host.bus.write(CONTROL, 1, 0x08);
  host.pass(RESET_TIME);
  return candidates.map((candidate, index) => {
    host.put(DEVICE, 0xa0 | (index * SLAVE));
    if (!candidate || host.poll() === 0 || host.get(ERROR) !== 1) return false;
    host.put(STATUS, 0xec);
    const isDisk = (host.poll() & DRQ) !== 0;
    if (isDisk) host.words(256);
    host.get(STATUS);
    return isDisk;
  });
}

describe('the probe of a kernel', () => {
  it('finds one disk or two', () => {
    expect(probe(one())).toEqual([true, false]);
    expect(probe(two())).toEqual([true, true]);
  });

  it('reads a partition table by interrupts after identifying and setting up', () => {
    const host = one();
    probe(host);
    for (const [opcode, count, features] of [[0xef, 0x0c, 0x03], [0xc6, 16, 0]]) {
      host.put(ERROR, features);
      expect(host.run(opcode, count)).toBe(READY);
      expect([host.interrupted, host.get(STATUS), host.interrupted]).toEqual([true, READY, false]);
    }
    host.command(0xc4, 0, 8);
    while (!host.interrupted) host.time.runTo(host.time.clock.nextDeadline());
    expect(host.get(STATUS)).toBe(READY | DRQ);
    expect(host.takeSectors(8)).toEqual(numberedImage(5000).subarray(0, 4096));
  });
});

describe('two drives', () => {
  it('have their own registers, media and names', () => {
    const host = two();
    host.command(0xec, 0, 0, SLAVE);
    host.poll();
    const words = host.words(256);
    expect([words[60], words[10]]).toEqual([70, 0x5242]);
    expect(words[11]).toBe(0x3120);
    host.command(0x20, 5, 1, 0);
    host.poll();
    host.takeSectors(1);
    expect([host.get(COUNT), host.address()[0]]).toEqual([0, 5]);
    host.put(DEVICE, 0xe0 | SLAVE);
    expect(host.get(COUNT)).toBe(1);
    host.command(0x30, 69, 1, SLAVE);
    host.poll();
    host.giveBytes(new Uint8Array(512).fill(9));
    expect(host.poll()).toBe(READY);
    expect(host.disks.map((disk) => disk.writtenSectors)).toEqual([0, 1]);
  });

  it('cannot be deselected while busy', () => {
    const host = two();
    host.put(STATUS, 0xec);
    host.put(DEVICE, SLAVE);
    expect([host.alternateStatus(), host.poll()]).toEqual([BSY, READY | DRQ]);
    host.put(DEVICE, SLAVE);
    expect(host.alternateStatus()).toBe(READY);
  });

  it('share the interrupt line, which follows the selection', () => {
    const host = two();
    host.run(0xe7);
    expect(host.interrupted).toBe(true);
    host.put(DEVICE, SLAVE);
    expect(host.interrupted).toBe(false);
    host.put(DEVICE, 0);
    expect(host.interrupted).toBe(true);
  });

  it('both run EXECUTE DEVICE DIAGNOSTIC; the master interrupts and is selected', () => {
    const host = two();
    host.command(0x90, 0x123456, 7, SLAVE);
    host.pass(RESET_TIME - 1);
    expect([host.alternateStatus(), host.line]).toEqual([BSY, []]);
    host.pass(1);
    expect([host.alternateStatus(), host.line.length, host.get(ERROR), signature(host), host.get(DEVICE)]).toEqual([READY, 1, 1, DISK, 0]);
    expect(host.get(STATUS)).toBe(READY);
    host.put(DEVICE, SLAVE);
    expect([host.alternateStatus(), host.interrupted, host.get(ERROR), signature(host)]).toEqual([READY, false, 1, DISK]);
  });
});

describe('a slave that is absent', () => {
  it('shows status 0 and takes no command, but hears the diagnostic', () => {
    const host = one();
    host.command(0xec, 0, 0, SLAVE);
    host.pass(RESET_TIME);
    expect([host.alternateStatus(), host.get(STATUS), host.line, host.bus.read(0x1f0, 2)]).toEqual([0, 0, [], 0xffff]);
    host.bus.write(0x1f0, 2, 1);
    host.put(STATUS, 0x90);
    expect([host.alternateStatus(), host.poll(), host.get(ERROR), host.interrupted]).toEqual([BSY, READY, 1, true]);
  });

  it('does not acknowledge the interrupt of the master', () => {
    const host = one();
    host.run(0xe7);
    host.put(DEVICE, SLAVE);
    host.get(STATUS);
    host.put(DEVICE, 0);
    expect(host.interrupted).toBe(true);
  });
});

describe('device control', () => {
  it('holds interrupts back while nIEN is set', () => {
    const host = one();
    host.bus.write(CONTROL, 1, NIEN);
    expect([host.run(0xe7), host.line]).toEqual([READY, []]);
    host.bus.write(CONTROL, 1, 0);
    expect(host.interrupted).toBe(true);
    host.bus.write(CONTROL, 1, NIEN);
    expect(host.interrupted).toBe(false);
    host.get(STATUS);
    host.bus.write(CONTROL, 1, 0);
    expect(host.interrupted).toBe(false);
  });

  it('acknowledges at the status register or the next command, not at the alternate one', () => {
    const host = one();
    host.run(0xe7);
    expect([host.alternateStatus(), host.interrupted]).toEqual([READY, true]);
    host.put(STATUS, 0xec);
    expect(host.interrupted).toBe(false);
  });

  it('resets both drives in the middle of a write, without an interrupt', () => {
    const host = two();
    host.command(0x30, 1, 2, SLAVE);
    host.poll();
    host.giveBytes(new Uint8Array(512).fill(1));
    host.bus.write(CONTROL, 1, SRST);
    host.pass(10 * RESET_TIME);
    expect([host.alternateStatus(), host.get(ERROR)]).toEqual([BSY, BSY]);
    host.put(STATUS, 0xec);
    host.bus.write(CONTROL, 1, SRST);
    host.bus.write(CONTROL, 1, 0);
    host.pass(RESET_TIME - 1);
    expect(host.alternateStatus()).toBe(BSY);
    host.pass(1);
    expect([host.get(STATUS), host.get(ERROR), signature(host), host.line]).toEqual([READY, 1, DISK, []]);
    // The master is selected now.
    host.put(STATUS, 0xec);
    host.poll();
    expect(host.words(256)[60]).toBe(5000);
    host.get(STATUS);
    host.put(DEVICE, SLAVE);
    expect([host.get(STATUS), host.get(ERROR), signature(host)]).toEqual([READY, 1, DISK]);
    expect(host.disks[1].writtenSectors).toBe(0);
  });
});

describe('the channel', () => {
  it('is ready after the RESET line, with nothing pending', () => {
    const host = one();
    host.bus.write(CONTROL, 1, NIEN);
    host.command(0x20, 0, 1);
    host.channel.reset();
    expect([host.alternateStatus(), host.time.clock.nextDeadline(), signature(host)]).toEqual([READY, Infinity, DISK]);
    host.run(0xe7);
    host.channel.reset();
    expect(host.line.map(([, level]) => level)).toEqual([true, false]);
  });

  it('splits wide accesses at the registers and leaves the drive address register open', () => {
    const host = one();
    host.bus.write(0x1f2, 2, 0x3412);
    expect([host.get(COUNT), host.get(SECTOR), host.bus.read(0x1f2, 2), host.bus.read(0x3f7, 1)]).toEqual([0x12, 0x34, 0x3412, 0xff]);
  });

  it('takes one or two disks', () => {
    const { clock } = new GuestTime();
    const empty = { sectors: 0, read: () => undefined, write: () => undefined };
    const make = (count: number, sectors: number): AtaChannel => new AtaChannel({ clock, disks: Array.from({ length: count }, () => ({ ...empty, sectors })), onInterrupt: () => undefined });
    expect(() => make(0, 1)).toThrow('one or two');
    expect(() => make(3, 1)).toThrow('one or two');
    expect(() => make(1, 0)).toThrow('at least one sector');
  });

  it('limits a larger store to 28-bit addresses', () => {
    const asked: number[] = [];
    const time = new GuestTime();
    const store = { sectors: 2 ** 32, read: (lba: number) => asked.push(lba), write: () => undefined };
    const bus = new PortBus();
    const channel = new AtaChannel({ clock: time.clock, disks: [store], onInterrupt: () => undefined });
    channel.attach(bus);
    bus.write(0x1f6, 1, 0x4f);
    for (const register of [0x1f3, 0x1f4, 0x1f5]) bus.write(register, 1, register === 0x1f3 ? 0xfe : 0xff);
    bus.write(0x1f2, 1, 1);
    bus.write(0x1f7, 1, 0x20);
    time.runTo(1e6);
    expect([bus.read(0x1f7, 1), asked]).toEqual([READY | DRQ, [0x0ffffffe]]);
    bus.write(0x1f3, 1, 0xff);
    bus.write(0x1f7, 1, 0x20);
    time.runTo(2e6);
    expect([bus.read(0x1f7, 1), bus.read(0x1f1, 1)]).toEqual([READY | 1, 0x10]);
  });
});
