import { PortBus } from '../../src/bus.js';
import { AtaChannel } from '../../src/devices/ata-channel.js';
import { CopyOnWriteDisk, SECTOR_BYTES } from '../../src/devices/block-store.js';
import { GuestTime } from './guest-time.js';

export const [DATA, ERROR, COUNT, SECTOR, LOW, HIGH, DEVICE, STATUS] = [0, 1, 2, 3, 4, 5, 6, 7];
export const FEATURES = ERROR;
export const LBA = 0x40;
export const SLAVE = 0x10;
export const CONTROL = 0x3f6;
export const [BSY, DRDY, DRQ, ERR] = [0x80, 0x40, 0x08, 0x01];
/** Busy times in instructions at the default speed. */
export const COMMAND_TIME = 2000;
export const ACCESS_TIME = 10_000;
export const RESET_TIME = 200_000;
const BASE = 0x1f0;
const POLL_TIME = 100;

/** Every sector says where it is. */
export function numberedImage(sectors: number): Uint8Array {
  const bytes = new Uint8Array(sectors * SECTOR_BYTES);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < bytes.length; i += 4) view.setUint32(i, (i >> 9) * 0x10000 + (i & 511));
  return bytes;
}

/** A host that drives one channel through its ports, with the interrupt line's changes by time. */
export class AtaHost {
  readonly time = new GuestTime();
  readonly bus = new PortBus();
  readonly line: [instruction: number, level: boolean][] = [];
  readonly disks: CopyOnWriteDisk[];
  readonly channel: AtaChannel;

  constructor(...images: Uint8Array[]) {
    this.disks = images.map((image) => new CopyOnWriteDisk(image));
    this.channel = new AtaChannel({ clock: this.time.clock, disks: this.disks, onInterrupt: (level) => this.line.push([this.time.now, level]) });
    this.channel.attach(this.bus);
  }

  get interrupted(): boolean {
    return this.line.at(-1)?.[1] === true;
  }

  get(register: number): number {
    return this.bus.read(BASE + register, 1);
  }

  put(register: number, value: number): void {
    this.bus.write(BASE + register, 1, value);
  }

  alternateStatus(): number {
    return this.bus.read(CONTROL, 1);
  }

  pass(instructions: number): void {
    this.time.runTo(this.time.now + instructions);
  }

  /** Polls the alternate status; gives it when BSY is clear. */
  poll(): number {
    for (let i = 0; i < 10_000; i++) {
      const status = this.alternateStatus();
      if ((status & BSY) === 0) return status;
      this.pass(POLL_TIME);
    }
    throw new Error('busy for ever');
  }

  /** Addresses `count` sectors from a 28-bit block address on and issues a command. */
  command(opcode: number, lba = 0, count = 0, device = 0): void {
    this.put(DEVICE, LBA | device | (lba >> 24));
    this.put(COUNT, count & 0xff);
    this.put(SECTOR, lba & 0xff);
    this.put(LOW, (lba >> 8) & 0xff);
    this.put(HIGH, (lba >> 16) & 0xff);
    this.put(STATUS, opcode);
  }

  /** A command without data; gives its final status. */
  run(opcode: number, count = 0, device = 0): number {
    this.command(opcode, 0, count, device);
    return this.poll();
  }

  words(count: number): number[] {
    return Array.from({ length: count }, () => this.bus.read(BASE, 2));
  }

  /** Reads the bytes of `sectors` sectors from the data port. */
  takeSectors(sectors: number): Uint8Array {
    const bytes = new Uint8Array(sectors * SECTOR_BYTES);
    this.words(bytes.length / 2).forEach((word, i) => bytes.set([word & 0xff, word >> 8], i * 2));
    return bytes;
  }

  giveBytes(bytes: Uint8Array): void {
    for (let i = 0; i < bytes.length; i += 2) this.bus.write(BASE, 2, bytes[i] | (bytes[i + 1] << 8));
  }

  address(): [sector: number, low: number, high: number, head: number] {
    return [this.get(SECTOR), this.get(LOW), this.get(HIGH), this.get(DEVICE) & 0x0f];
  }
}
