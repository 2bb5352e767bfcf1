import { beforeEach, describe, expect, it, vi } from 'vitest';
import { SECTOR_BYTES } from '../../src/devices/block-store.js';
import { ACCESS_TIME, AtaHost, BSY, COMMAND_TIME, CONTROL, COUNT, DATA, DEVICE, DRDY, DRQ, ERR, ERROR, FEATURES, HIGH, LBA, LOW, numberedImage, RESET_TIME, SECTOR, STATUS } from './ata-host.js';

const READY = 0x50;
const FAILED = READY | ERR;
const WANTS_DATA = READY | DRQ;
const [ABRT, IDNF] = [0x04, 0x10];
/** 20 heads of 63 sectors and some: 1.26 cylinders of the default geometry. */
const SECTORS = 20 * 63 + 5;

let image: Uint8Array;
let host: AtaHost;

beforeEach(() => {
  image = numberedImage(SECTORS);
  host = new AtaHost(image);
});

const sectors = (first: number, count: number): Uint8Array => image.subarray(first * SECTOR_BYTES, (first + count) * SECTOR_BYTES);

function identity(): number[] {
  expect(host.run(0xec)).toBe(WANTS_DATA);
  return host.words(256);
}

const text = (words: number[]): string => String.fromCharCode(...words.flatMap((word) => [word >> 8, word & 0xff])).trim();

describe('IDENTIFY DEVICE', () => {
  it('interrupts when its sector is ready and names the drive', () => {
    host.command(0xec);
    expect(host.alternateStatus()).toBe(BSY);
    host.pass(COMMAND_TIME - 1);
    expect([host.alternateStatus(), host.interrupted]).toEqual([BSY, false]);
    host.pass(1);
    expect([host.alternateStatus(), host.line]).toEqual([WANTS_DATA, [[COMMAND_TIME, true]]]);
    expect([host.get(STATUS), host.interrupted]).toEqual([WANTS_DATA, false]);
    const words = host.words(256);
    expect([text(words.slice(27, 47)), text(words.slice(10, 20)), text(words.slice(23, 27))]).toEqual(['RINGBENCH DISK', 'RB0', '1.0']);
    expect([host.get(STATUS), host.line.length]).toEqual([READY, 2]);
  });

  it('reports size, geometry, LBA, programmed I/O and no DMA', () => {
    const words = identity();
    expect([words[0], words[1], words[3], words[6]]).toEqual([0x40, 1, 16, 63]);
    expect([words[60] | (words[61] << 16), words[57] | (words[58] << 16)]).toEqual([SECTORS, 16 * 63]);
    expect([words[47], words[59], words[49] & 0x0300, words[63], words[88], words[64]]).toEqual([0x8010, 0, 0x0200, 0, 0, 3]);
    expect([words[82], words[85], words[83] & 0xd400]).toEqual([0x68, 0x68, 0x5000]);
  });

  it('shrinks the geometry of a tiny disk, and limits that of a large one', () => {
    const shape = (words: number[]): number[] => [words[1], words[3], words[6], words[60] | (words[61] << 16)];
    for (const [size, expected] of [[1, [1, 1, 1, 1]], [62, [1, 1, 62, 62]], [200, [1, 3, 63, 200]], [2880, [2, 16, 63, 2880]]] as const) {
      host = new AtaHost(numberedImage(size));
      expect(shape(identity())).toEqual(expected);
    }
  });
});

describe('PIO data in', () => {
  it('reads sectors with an interrupt each, none after the last, and names the last one', () => {
    host.command(0x20, 0x103, 3);
    const start = host.time.now;
    host.pass(ACCESS_TIME);
    for (let i = 0; i < 3; i++) {
      expect([host.interrupted, host.get(STATUS), host.interrupted]).toEqual([true, WANTS_DATA, false]);
      expect(host.takeSectors(1)).toEqual(sectors(0x103 + i, 1));
      host.pass(COMMAND_TIME);
    }
    expect(host.line.map(([at]) => at - start)).toEqual([ACCESS_TIME, ACCESS_TIME, ACCESS_TIME + COMMAND_TIME, ACCESS_TIME + COMMAND_TIME, ACCESS_TIME + 2 * COMMAND_TIME, ACCESS_TIME + 2 * COMMAND_TIME]);
    expect([host.get(STATUS), host.interrupted, host.get(COUNT), host.address()]).toEqual([READY, false, 0, [0x05, 0x01, 0, 0]]);
  });

  it('takes count 0 for 256 sectors', () => {
    host.command(0x21, 1, 0);
    for (let i = 0; i < 256; i++) {
      expect(host.poll()).toBe(WANTS_DATA);
      expect(host.takeSectors(1)).toEqual(sectors(1 + i, 1));
    }
    expect(host.poll()).toBe(READY);
  });

  it('serves a host that only polls and never lets a deadline fire', () => {
    host.command(0x20, 7, 2);
    host.time.now += ACCESS_TIME;
    expect(host.words(256)).toEqual([...new Uint16Array(sectors(7, 1).slice().buffer)]);
    expect(host.alternateStatus()).toBe(BSY);
    host.time.now += COMMAND_TIME;
    expect(host.alternateStatus()).toBe(WANTS_DATA);
    host.takeSectors(1);
    expect(host.time.clock.nextDeadline()).toBe(Infinity);
  });

  it('gives two words for a doubleword and half a word for a byte', () => {
    host.command(0x20, 9, 1);
    host.poll();
    expect(host.bus.read(0x1f0, 4) >>> 0).toBe(0x00000900);
    expect([host.bus.read(0x1f0, 1), host.bus.read(0x1f0, 2)]).toEqual([0x00, 0x0400]);
    for (let i = 0; i < 126; i++) host.bus.read(0x1f0, 4);
    expect(host.poll()).toBe(READY);
    expect([host.bus.read(0x1f0, 4), host.bus.read(0x1f0, 2)]).toEqual([-1, 0xffff]);
  });

  it('leaves a transfer when a new command comes', () => {
    host.command(0x20, 0, 2);
    host.poll();
    host.words(10);
    host.command(0x20, 5, 1);
    expect(host.poll()).toBe(WANTS_DATA);
    expect(host.takeSectors(1)).toEqual(sectors(5, 1));
    expect(host.poll()).toBe(READY);
  });
});

describe('PIO data out', () => {
  it('wants the first sector without an interrupt, and interrupts for each one written', () => {
    const data = Uint8Array.from({ length: 2 * SECTOR_BYTES }, (_, i) => (i * 3) & 0xff);
    host.command(0x30, 4, 2);
    host.pass(COMMAND_TIME);
    expect([host.line, host.get(STATUS)]).toEqual([[], WANTS_DATA]);
    host.giveBytes(data.subarray(0, SECTOR_BYTES));
    expect([host.alternateStatus(), host.disks[0].writtenSectors]).toEqual([BSY, 0]);
    host.pass(COMMAND_TIME);
    expect([host.interrupted, host.get(STATUS), host.disks[0].writtenSectors]).toEqual([true, WANTS_DATA, 1]);
    host.giveBytes(data.subarray(SECTOR_BYTES));
    host.pass(COMMAND_TIME);
    expect([host.interrupted, host.get(STATUS), host.get(COUNT)]).toEqual([true, READY, 0]);
    const written = host.disks[0].contents();
    expect(written.subarray(4 * SECTOR_BYTES, 6 * SECTOR_BYTES)).toEqual(data);
    expect(written[6 * SECTOR_BYTES]).toBe(image[6 * SECTOR_BYTES]);
  });

  it('ignores data that nobody wants, and reads nothing while it wants some', () => {
    host.bus.write(0x1f0, 2, 0x1234);
    host.command(0x31, 0, 1);
    host.bus.write(0x1f0, 4, 0x12345678);
    host.poll();
    expect(host.bus.read(0x1f0, 2)).toBe(0xffff);
    for (let i = 0; i < 128; i++) host.bus.write(0x1f0, 4, 0x04030201);
    expect(host.poll()).toBe(READY);
    expect([...host.disks[0].contents().subarray(0, 8)]).toEqual([1, 2, 3, 4, 1, 2, 3, 4]);
  });
});

describe('multiple transfers', () => {
  it('are aborted until they are set', () => {
    for (const opcode of [0xc4, 0xc5]) expect([host.run(opcode, 1), host.get(ERROR)]).toEqual([FAILED, ABRT]);
  });

  it('transfer blocks, the last one shorter', () => {
    expect([host.run(0xc6, 4), identity()[59]]).toEqual([READY, 0x0104]);
    host.line.length = 0;
    host.command(0xc4, 10, 6);
    expect(host.poll()).toBe(WANTS_DATA);
    expect(host.takeSectors(4)).toEqual(sectors(10, 4));
    expect([host.get(STATUS), host.poll()]).toEqual([BSY, WANTS_DATA]);
    expect(host.takeSectors(2)).toEqual(sectors(14, 2));
    expect([host.get(STATUS), host.get(SECTOR), host.line.filter(([, level]) => level).length]).toEqual([READY, 15, 2]);

    host.command(0xc5, 100, 5);
    host.poll();
    host.giveBytes(sectors(0, 4));
    host.poll();
    host.giveBytes(sectors(4, 1));
    expect(host.poll()).toBe(READY);
    expect(host.disks[0].contents().subarray(100 * 512, 105 * 512)).toEqual(sectors(0, 5));
    expect(host.disks[0].writtenSectors).toBe(5);
  });

  it('take powers of two up to 16; anything else switches them off', () => {
    for (const count of [1, 2, 4, 8, 16]) expect([host.run(0xc6, count), identity()[59]]).toEqual([READY, 0x100 | count]);
    for (const count of [3, 17, 32, 255]) {
      host.run(0xc6, 8);
      expect([host.run(0xc6, count), host.get(ERROR), identity()[59]]).toEqual([FAILED, ABRT, 0]);
    }
    host.run(0xc6, 8);
    expect([host.run(0xc6, 0), identity()[59]]).toEqual([READY, 0]);
  });
});

describe('cylinders, heads and sectors', () => {
  function address(cylinder: number, head: number, sector: number, count: number): void {
    host.put(COUNT, count);
    host.put(SECTOR, sector);
    host.put(LOW, cylinder & 0xff);
    host.put(HIGH, cylinder >> 8);
    host.put(DEVICE, 0xa0 | head);
  }

  it('address the default geometry and come back in it', () => {
    address(0, 3, 62, 4);
    host.put(STATUS, 0x20);
    for (let i = 0; i < 4; i++) {
      host.poll();
      expect(host.takeSectors(1)).toEqual(sectors(3 * 63 + 61 + i, 1));
    }
    expect([host.address(), host.get(DEVICE)]).toEqual([[2, 0, 0, 4], 0xa4]);
  });

  it('follow INITIALIZE DEVICE PARAMETERS', () => {
    address(0, 4, 0, 10);
    host.put(STATUS, 0x91);
    expect(host.poll()).toBe(READY);
    const words = identity();
    expect([words.slice(54, 59), words.slice(1, 4)]).toEqual([[25, 5, 10, 1250, 0], [1, 0, 16]]);
    address(24, 4, 10, 1);
    host.put(STATUS, 0x20);
    host.poll();
    expect(host.takeSectors(1)).toEqual(sectors(1249, 1));
    address(25, 0, 1, 1);
    host.put(STATUS, 0x20);
    expect([host.poll(), host.get(ERROR)]).toEqual([FAILED, IDNF]);
    address(0, 4, 0, 0);
    host.put(STATUS, 0x91);
    expect([host.poll(), host.get(ERROR)]).toEqual([FAILED, ABRT]);
  });

  it('survive a geometry larger than the disk: no address is valid', () => {
    host = new AtaHost(numberedImage(3));
    address(0, 15, 0, 255);
    host.put(STATUS, 0x91);
    expect(host.poll()).toBe(READY);
    address(0, 0, 1, 1);
    host.put(STATUS, 0x20);
    expect([host.poll(), host.get(ERROR)]).toEqual([FAILED, IDNF]);
  });

  it('are not found outside it, and the registers stay', () => {
    for (const [cylinder, head, sector] of [[0, 0, 0], [0, 0, 64], [1, 0, 1], [0xffff, 15, 63]]) {
      address(cylinder, head, sector, 1);
      host.put(STATUS, 0x20);
      expect([host.poll(), host.get(ERROR), host.interrupted]).toEqual([FAILED, IDNF, true]);
      expect(host.address()).toEqual([sector, cylinder & 0xff, cylinder >> 8, head]);
      host.get(STATUS);
    }
  });
});

describe('error paths', () => {
  it('aborts every command that it does not have', () => {
    for (const opcode of [0x00, 0x08, 0x22, 0x25, 0x50, 0xa0, 0xa1, 0xb0, 0xc8, 0xca, 0xe4, 0xea, 0xf5, 0xf8, 0xff]) {
      expect([host.run(opcode), host.get(ERROR), host.interrupted]).toEqual([FAILED, ABRT, true]);
      expect([host.get(STATUS), host.interrupted]).toEqual([FAILED, false]);
    }
    expect([host.run(0xe7), host.get(ERROR)]).toEqual([READY, 0]);
  });

  it('reads up to the end of the disk and names the first missing sector', () => {
    host.command(0x20, SECTORS - 2, 4);
    for (let i = 2; i > 0; i--) {
      expect(host.poll()).toBe(WANTS_DATA);
      expect(host.takeSectors(1)).toEqual(sectors(SECTORS - i, 1));
    }
    expect([host.poll(), host.get(ERROR), host.interrupted, host.get(COUNT)]).toEqual([FAILED, IDNF, true, 2]);
    expect(host.address()).toEqual([SECTORS & 0xff, SECTORS >> 8, 0, 0]);
  });

  it('writes up to the end of the disk', () => {
    host.command(0x30, SECTORS - 1, 2);
    expect(host.poll()).toBe(WANTS_DATA);
    host.giveBytes(sectors(0, 1));
    expect([host.poll(), host.get(ERROR), host.interrupted, host.disks[0].writtenSectors]).toEqual([FAILED, IDNF, true, 1]);
    host.command(0x30, 0x0fffffff, 1);
    expect([host.poll(), host.get(ERROR), host.address()]).toEqual([FAILED, IDNF, [0xff, 0xff, 0xff, 0x0f]]);
  });

  it('transfers a block of several sectors as a whole or not at all', () => {
    host.run(0xc6, 4);
    host.command(0xc4, SECTORS - 6, 8);
    host.poll();
    host.takeSectors(4);
    expect([host.poll(), host.get(ERROR), host.get(COUNT), host.address()[0]]).toEqual([FAILED, IDNF, 4, SECTORS & 0xff]);
  });

  it('verifies and seeks by address', () => {
    host.command(0x40, 0, 100);
    expect([host.poll(), host.get(COUNT), host.get(SECTOR)]).toEqual([READY, 0, 99]);
    host.command(0x41, SECTORS - 3, 5);
    expect([host.poll(), host.get(ERROR), host.get(COUNT), host.address()[0]]).toEqual([FAILED, IDNF, 2, SECTORS & 0xff]);
    host.command(0x41, SECTORS + 3, 5);
    expect([host.poll(), host.get(ERROR), host.get(COUNT), host.address()[0]]).toEqual([FAILED, IDNF, 5, (SECTORS + 3) & 0xff]);
    host.command(0x70, SECTORS - 1);
    expect(host.poll()).toBe(READY);
    host.command(0x7f, SECTORS);
    expect([host.poll(), host.get(ERROR)]).toEqual([FAILED, IDNF]);
    expect([host.run(0x10), host.run(0x1f)]).toEqual([READY, READY]);
  });
});

describe('settings', () => {
  function setFeature(feature: number, count = 0): number {
    host.put(FEATURES, feature);
    return host.run(0xef, count);
  }

  it('accepts programmed I/O modes only', () => {
    for (const mode of [0x00, 0x01, 0x08, 0x0c]) expect(setFeature(0x03, mode)).toBe(READY);
    for (const mode of [0x02, 0x0d, 0x10, 0x20, 0x22, 0x45]) expect([setFeature(0x03, mode), host.get(ERROR)]).toEqual([FAILED, ABRT]);
    expect(setFeature(0x77)).toBe(FAILED);
  });

  it('remembers cache and look-ahead', () => {
    expect([setFeature(0x82), identity()[85]]).toEqual([READY, 0x48]);
    expect([setFeature(0x55), identity()[85]]).toEqual([READY, 0x08]);
    expect([setFeature(0x02), setFeature(0xaa), identity()[85]]).toEqual([READY, READY, 0x68]);
  });

  it('reverts settings at a software reset unless told to keep them', () => {
    for (const [feature, multiple] of [[0x66, 8], [0xcc, 0]]) {
      setFeature(feature);
      host.run(0xc6, 8);
      host.bus.write(CONTROL, 1, 0x04);
      host.bus.write(CONTROL, 1, 0x00);
      host.poll();
      expect(identity()[59] & 0xff).toBe(multiple);
    }
  });

  it('reverts settings, and whether to keep them, at the RESET line', () => {
    const softwareReset = (): void => {
      host.bus.write(CONTROL, 1, 0x04);
      host.bus.write(CONTROL, 1, 0x00);
      host.poll();
    };
    setFeature(0x66);
    setFeature(0x82);
    host.run(0xc6, 8);
    host.run(0xe0);
    host.channel.reset();
    let words = identity();
    expect([words[59], words[85]]).toEqual([0, 0x68]);
    host.run(0xe5);
    expect(host.get(COUNT)).toBe(0xff);
    host.run(0xc6, 8);
    softwareReset();
    words = identity();
    expect(words[59]).toBe(0);
  });

  it('knows its power mode', () => {
    const mode = (): number => (host.run(0xe5), host.get(COUNT));
    expect(mode()).toBe(0xff);
    for (const [opcode, expected] of [[0xe0, 0x00], [0xe1, 0x80], [0x94, 0x00], [0x97, 0x80], [0xe2, 0x00]]) {
      expect([host.run(opcode), mode()]).toEqual([READY, expected]);
    }
    host.command(0x40, 0, 1);
    host.poll();
    expect([mode(), host.run(0x98), host.get(COUNT)]).toEqual([0xff, READY, 0xff]);
  });

  it('sleeps until it is reset', () => {
    expect(host.run(0xe6)).toBe(READY);
    host.get(STATUS);
    host.command(0xec);
    host.pass(RESET_TIME);
    expect([host.get(STATUS), host.interrupted]).toEqual([READY, false]);
    host.bus.write(CONTROL, 1, 0x04);
    host.bus.write(CONTROL, 1, 0x00);
    host.poll();
    expect(identity()[60]).toBe(SECTORS);
  });
});

describe('a busy drive', () => {
  it('shows its status in every register and ignores writes and commands', () => {
    host.put(SECTOR, 0x5a);
    host.command(0xec, 0x5a);
    for (let register = ERROR; register <= STATUS; register++) expect(host.get(register)).toBe(BSY);
    expect(host.bus.read(0x1f0, 2)).toBe(0xffff);
    host.put(SECTOR, 0xa5);
    host.put(DEVICE, LBA | 0x0f);
    host.put(STATUS, 0xff);
    expect(host.poll()).toBe(WANTS_DATA);
    expect([host.get(SECTOR), host.get(DEVICE)]).toEqual([0x5a, LBA]);
    expect(host.words(256)[0]).toBe(0x40);
    expect(host.get(DATA)).toBe(0xff);
    expect(host.get(STATUS) & DRDY).toBe(DRDY);
  });
});

describe('a medium that fails', () => {
  const [UNC, DF] = [0x40, 0x20];

  it('ends a read at the sector that cannot be read', () => {
    vi.spyOn(host.disks[0], 'read').mockImplementation((lba) => lba < 8);
    host.command(0x20, 7, 2);
    expect(host.poll()).toBe(WANTS_DATA);
    host.takeSectors(1);
    expect([host.poll(), host.get(ERROR), host.get(COUNT), host.address()]).toEqual([FAILED, UNC, 1, [8, 0, 0, 0]]);
    expect(host.interrupted).toBe(true);
  });

  it('ends a write with a device fault', () => {
    vi.spyOn(host.disks[0], 'write').mockReturnValue(false);
    host.command(0x30, 3, 1);
    expect(host.poll()).toBe(WANTS_DATA);
    host.giveBytes(new Uint8Array(SECTOR_BYTES));
    expect([host.poll(), host.get(COUNT)]).toEqual([READY | DF, 1]);
    expect(host.interrupted).toBe(true);
  });
});
