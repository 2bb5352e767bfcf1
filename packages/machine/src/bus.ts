/**
 * The 64 K I/O ports of one machine (SDM vol. 1, chapter 19 "Input/Output"). A port access goes through one table look-up and one call;
 * nothing on that path allocates.
 */
export const PORT_COUNT = 0x10000;

export type PortWidth = 1 | 2 | 4;
/** Consecutive ports. */
export interface PortRange {
  readonly first: number;
  readonly count: number;
}
export type PortReader = (port: number) => number;
export type PortWriter = (port: number, value: number) => void;

/**
 * What a device does at its ports; handlers get the port's full number. A missing byte reader reads all ones, a missing byte writer ignores.
 * A missing wider handler means that the device is narrower: the access is split in halves, low half first, at ascending ports.
 * Values are zero-extended bytes and words; a long is a 32-bit pattern as a signed integer.
 */
export interface PortHandlers {
  readonly readByte?: PortReader;
  readonly writeByte?: PortWriter;
  readonly readWord?: PortReader;
  readonly writeWord?: PortWriter;
  readonly readLong?: PortReader;
  readonly writeLong?: PortWriter;
}

const OPEN_BUS_BYTE = 0xff;
const NO_DEVICE = 0;
/** Device numbers are bytes. */
const MAXIMUM_REGISTRATIONS = 256;

const BLOCK_SHIFT = 8;
const BLOCK_MASK = (1 << BLOCK_SHIFT) - 1;
const BLOCKS = (PORT_COUNT >>> BLOCK_SHIFT) + 1;
const NO_DEVICES = new Uint8Array(1 << BLOCK_SHIFT);

/** A registration with every handler present, so that all of them have one shape and the bus's call sites stay fast. */
class PortEntry {
  readonly readByte: PortReader;
  readonly writeByte: PortWriter;
  readonly readWord: PortReader;
  readonly writeWord: PortWriter;
  readonly readLong: PortReader;
  readonly writeLong: PortWriter;

  constructor(bus: PortBus, handlers: PortHandlers) {
    this.readByte = handlers.readByte ?? (() => OPEN_BUS_BYTE);
    this.writeByte = handlers.writeByte ?? (() => undefined);
    this.readWord = handlers.readWord ?? ((port) => bus.readByte(port) | (bus.readByte(port + 1) << 8));
    this.writeWord = handlers.writeWord ?? ((port, value) => {
      bus.writeByte(port, value & 0xff);
      bus.writeByte(port + 1, value >>> 8);
    });
    this.readLong = handlers.readLong ?? ((port) => bus.readWord(port) | (bus.readWord(port + 2) << 16));
    this.writeLong = handlers.writeLong ?? ((port, value) => {
      bus.writeWord(port, value & 0xffff);
      bus.writeWord(port + 2, value >>> 16);
    });
  }
}

/**
 * Connects ports to devices. Where no device is, reads give all ones and writes are ignored, also for the part of a wide access that
 * reaches beyond port FFFFh.
 */
export class PortBus {
  /**
   * Index into `entries` for each port, by blocks of ports, and a block more for wide accesses that start at the last ports. A board has devices in a few blocks; the
   * others are one and the same, because there may be thousands of buses.
   */
  private readonly blocks: Uint8Array[] = Array.from({ length: BLOCKS }, () => NO_DEVICES);
  private readonly entries: PortEntry[] = [new PortEntry(this, {})];

  /** Gives `count` ports from `first` on to a device. Throws when one of them is taken or does not exist: that is a bug of ours. */
  register(first: number, count: number, handlers: PortHandlers): void {
    if (first < 0 || count < 1 || first + count > PORT_COUNT) throw new Error(`no such ports: ${count} from ${first}`);
    if (this.entries.length === MAXIMUM_REGISTRATIONS) throw new Error('too many devices on the port bus');
    for (let port = first; port < first + count; port++) {
      if (this.isRegistered(port)) throw new Error(`port ${port.toString(16)} has a device already`);
    }
    for (let port = first; port < first + count; port++) this.assign(port, this.entries.length);
    this.entries.push(new PortEntry(this, handlers));
  }

  /** Has `onWrite` told of each byte written to a port, beside the device that may be there. */
  observe(port: number, onWrite: (value: number) => void): void {
    if (port < 0 || port >= PORT_COUNT) throw new Error(`no such port: ${port}`);
    if (this.entries.length === MAXIMUM_REGISTRATIONS) throw new Error('too many devices on the port bus');
    const { readByte, readWord, readLong, writeByte } = this.entryAt(port);
    // Wider writes are split, so that each byte is seen.
    const observed = (at: number, value: number): void => {
      writeByte(at, value);
      onWrite(value);
    };
    this.assign(port, this.entries.length);
    this.entries.push(new PortEntry(this, { readByte, readWord, readLong, writeByte: observed }));
  }

  /** Plugs in what another bus has at these ports, in place of what was here: from now on they lead to the same device. */
  share({ first, count }: PortRange, other: PortBus): void {
    for (let port = first; port < first + count; port++) {
      const entry = other.entryAt(port);
      const known = this.entries.indexOf(entry);
      if (known < 0 && this.entries.length === MAXIMUM_REGISTRATIONS) throw new Error('too many devices on the port bus');
      this.assign(port, known < 0 ? this.entries.push(entry) - 1 : known);
    }
  }

  /** Whether a device answers at a port. */
  isRegistered(port: number): boolean {
    return this.numberAt(port) !== NO_DEVICE;
  }

  private numberAt(port: number): number { return this.blocks[port >>> BLOCK_SHIFT][port & BLOCK_MASK]; }

  private assign(port: number, entry: number): void {
    const block = port >>> BLOCK_SHIFT;
    if (this.blocks[block] === NO_DEVICES) this.blocks[block] = NO_DEVICES.slice();
    this.blocks[block][port & BLOCK_MASK] = entry;
  }

  /** A read of `bytes` bytes as the processor makes it. */
  read(port: number, bytes: PortWidth): number {
    if (bytes === 1) return this.readByte(port);
    return bytes === 2 ? this.readWord(port) : this.readLong(port);
  }

  /** A write of the low `bytes` bytes of `value`. */
  write(port: number, bytes: PortWidth, value: number): void {
    if (bytes === 1) this.writeByte(port, value & 0xff);
    else if (bytes === 2) this.writeWord(port, value & 0xffff);
    else this.writeLong(port, value | 0);
  }

  readByte(port: number): number {
    return this.entryAt(port).readByte(port);
  }

  writeByte(port: number, value: number): void {
    this.entryAt(port).writeByte(port, value);
  }

  readWord(port: number): number {
    return this.entryAt(port).readWord(port);
  }

  writeWord(port: number, value: number): void {
    this.entryAt(port).writeWord(port, value);
  }

  readLong(port: number): number {
    return this.entryAt(port).readLong(port);
  }

  writeLong(port: number, value: number): void {
    this.entryAt(port).writeLong(port, value);
  }

  private entryAt(port: number): PortEntry {
    return this.entries[this.numberAt(port)];
  }
}
