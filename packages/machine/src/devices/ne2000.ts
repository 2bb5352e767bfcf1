/**
 * A Novell NE2000: a DP8390 with 16 KB of memory and an address PROM behind a window of one port. A driver moves every word of a frame through that port
 * ("remote DMA"), and tells the controller by registers where it is to go: the emulated real device beside which a virtual one is measured
 * (docs/virtual-devices.md, section 8). Left out: the checksum's value, collisions, the FIFO, loopback modes, and the command
 * "send packet", which boards of this kind do not work with.
 */
import type { PortBus } from '../bus.js';
import type { InstructionClock } from '../clock.js';
import { Deadline } from '../clock.js';
import { EchoPeer, Frame } from './ethernet-peer.js';
import {
  BoardPort, Command, DataControl, InterruptStatus, LOOPBACK, MASKABLE, NE2000_PORTS, Page0, Page1, ReceiveControl, ReceiveStatus, RemoteDma, TransmitStatus,
} from './ne2000-registers.js';

const PAGE_BYTES = 256;
const PAGE_SHIFT = 8;
const RAM = { from: 0x4000, to: 0x8000 } as const;
const PROM_BYTES = 32;
/** A station address that is administered locally (IEEE 802, 9.2.3). */
const STATION = [0x02, 0x52, 0x42, 0x00, 0x03, 0x86] as const;
/** Behind the address the PROM tells a board for the 16-bit bus. */
const PROM_SIGNATURE = 0x57;
const PROM_SIGNATURE_AT = 14;
const REGISTERS = 16;
/** Before each frame in the ring: status, next page, length with checksum. */
const HEADER_BYTES = 4;
const CHECKSUM_BYTES = 4;
const OPEN_BUS = 0xff;
const MOST_MISSED = 0xff;

export interface Ne2000Options {
  readonly clock: InstructionClock;
  /** Called with the level of the interrupt line. */
  readonly onInterrupt: (level: boolean) => void;
  readonly instructionsPerSecond?: number;
}

/** Each byte of the PROM twice, as a 16-bit board has it. */
function createProm(): Uint8Array {
  const prom = new Uint8Array(PROM_BYTES).fill(PROM_SIGNATURE, 2 * PROM_SIGNATURE_AT);
  STATION.forEach((byte, index) => prom.fill(byte, 2 * index, 2 * index + 2));
  return prom;
}

export class Ne2000 {
  private readonly peer: EchoPeer;
  private readonly sent: Deadline;
  private readonly prom = createProm();
  private readonly ram = new Uint8Array(RAM.to - RAM.from);
  /** Written to page 0; what a read shows there is another matter. */
  private readonly registers = new Uint8Array(REGISTERS);
  private readonly stationRegisters = new Uint8Array(REGISTERS);
  private command: number = Command.STOP;
  private status: number = InterruptStatus.RESET;
  private transmitStatus = 0;
  private receiveStatus = 0;
  private missed = 0;
  private remoteAddress = 0;
  private remoteBytes = 0;

  constructor(private readonly options: Ne2000Options) {
    this.peer = new EchoPeer(options.clock, (frame) => this.receive(frame), options.instructionsPerSecond);
    this.sent = new Deadline(() => this.finishSending());
  }

  attach(bus: PortBus): void {
    const { first, count } = NE2000_PORTS;
    bus.register(first, BoardPort.DATA, { readByte: (port) => this.read(port - first), writeByte: (port, value) => this.write(port - first, value) });
    bus.register(first + BoardPort.DATA, BoardPort.RESET - BoardPort.DATA, {
      readByte: () => this.readData(1), writeByte: (_, value) => this.writeData(value, 1), readWord: () => this.readData(2), writeWord: (_, value) => this.writeData(value, 2),
    });
    bus.register(first + BoardPort.RESET, count - BoardPort.RESET, { readByte: () => this.resetByPort(), writeByte: () => undefined });
  }

  reset(): void {
    this.peer.reset();
    this.options.clock.cancel(this.sent);
    this.registers.fill(0);
    this.command = Command.STOP;
    this.status = InterruptStatus.RESET;
    this.remoteBytes = this.transmitStatus = this.receiveStatus = this.missed = 0;
    this.update();
  }

  private resetByPort(): number {
    this.reset();
    return OPEN_BUS;
  }

  // ---- registers

  private settle(): void {
    if (this.sent.at <= this.options.clock.now()) {
      this.options.clock.cancel(this.sent);
      this.finishSending();
    }
    this.peer.settle();
  }

  private read(offset: number): number {
    this.settle();
    if (offset === 0) return this.command;
    const page = this.command >> Command.PAGE_SHIFT;
    if (page === 1) return this.stationRegisters[offset];
    if (page !== 0) return this.registers[offset];
    switch (offset) {
      case Page0.BOUNDARY: return this.registers[offset];
      case Page0.TRANSMIT_STATUS: return this.transmitStatus;
      case Page0.INTERRUPT_STATUS: return this.status;
      case Page0.ADDRESS_LOW: return this.remoteAddress & 0xff;
      case Page0.ADDRESS_HIGH: return this.remoteAddress >> 8;
      case Page0.RECEIVE_STATUS: return this.receiveStatus;
      case Page0.MISSED: return this.takeMissed();
      default: return 0;
    }
  }
  /** Reading the counter clears it. */
  private takeMissed(): number {
    const { missed } = this;
    this.missed = 0;
    return missed;
  }

  private write(offset: number, value: number): void {
    this.settle();
    if (offset === 0) return this.execute(value);
    const page = this.command >> Command.PAGE_SHIFT;
    if (page === 1) this.stationRegisters[offset] = value;
    else if (page === 0 && offset === Page0.INTERRUPT_STATUS) this.status &= ~value | InterruptStatus.RESET;
    else if (page === 0) this.registers[offset] = value;
    this.update();
  }

  private execute(value: number): void {
    const isStopped = (value & Command.STOP) !== 0;
    const transmits = (value & Command.TRANSMIT) !== 0 && (this.command & Command.TRANSMIT) === 0 && !isStopped;
    // A transmission that has begun ends by itself.
    this.command = value | (this.command & Command.TRANSMIT);
    this.status = isStopped ? this.status | InterruptStatus.RESET : this.status & ~InterruptStatus.RESET;
    this.startDma((value >> Command.DMA_SHIFT) & Command.DMA_MASK);
    if (transmits) this.transmit();
    this.update();
  }

  private pair(low: number): number { return this.registers[low] | (this.registers[low + 1] << 8); }

  private update(): void {
    this.options.onInterrupt((this.status & this.registers[Page0.INTERRUPT_MASK] & MASKABLE) !== 0);
  }

  // ---- remote DMA

  private startDma(operation: number): void {
    if (operation >= RemoteDma.ABORT) this.remoteBytes = 0;
    if (operation !== RemoteDma.READ && operation !== RemoteDma.WRITE) return;
    this.remoteAddress = this.pair(Page0.ADDRESS_LOW);
    this.remoteBytes = this.pair(Page0.BYTES_LOW);
  }
  private get dma(): number { return (this.command >> Command.DMA_SHIFT) & Command.DMA_MASK; }

  private readData(width: 1 | 2): number {
    if (this.remoteBytes === 0 || this.dma === RemoteDma.WRITE) return width === 1 ? OPEN_BUS : (OPEN_BUS << 8) | OPEN_BUS;
    const low = this.byteAt(this.remoteAddress);
    if (width === 1 || !this.isWide) {
      this.advance(1);
      return low;
    }
    const value = low | (this.byteAt(this.remoteAddress + 1) << 8);
    this.advance(2);
    return value;
  }
  private writeData(value: number, width: 1 | 2): void {
    if (this.remoteBytes === 0 || this.dma !== RemoteDma.WRITE) return;
    this.putByte(this.remoteAddress, value);
    const isWord = width === 2 && this.isWide;
    if (isWord) this.putByte(this.remoteAddress + 1, value >> 8);
    this.advance(isWord ? 2 : 1);
  }
  private get isWide(): boolean { return (this.registers[Page0.DATA_CONTROL] & DataControl.WORDS) !== 0; }

  /** At the end of the receive ring the address goes on at its beginning. */
  private advance(bytes: number): void {
    const next = (this.remoteAddress + bytes) & 0xffff;
    this.remoteAddress = next === this.registers[Page0.STOP_PAGE] << PAGE_SHIFT ? this.registers[Page0.START_PAGE] << PAGE_SHIFT : next;
    this.remoteBytes = Math.max(0, this.remoteBytes - bytes);
    if (this.remoteBytes > 0) return;
    this.status |= InterruptStatus.DMA_DONE;
    this.update();
  }

  private byteAt(address: number): number {
    if (address < PROM_BYTES) return this.prom[address];
    return address >= RAM.from && address < RAM.to ? this.ram[address - RAM.from] : OPEN_BUS;
  }
  private putByte(address: number, value: number): void {
    if (address >= RAM.from && address < RAM.to) this.ram[address - RAM.from] = value;
  }

  // ---- frames

  private transmit(): void {
    const from = this.registers[Page0.TRANSMIT_PAGE] << PAGE_SHIFT;
    const frame = Uint8Array.from({ length: Math.min(this.pair(Page0.COUNT_LOW), Frame.MOST_BYTES) }, (_, index) => this.byteAt(from + index));
    const { clock } = this.options;
    const isOnCable = (this.registers[Page0.TRANSMIT_CONTROL] & LOOPBACK) === 0;
    clock.reschedule(this.sent, isOnCable ? this.peer.send(frame) : clock.now() + 1);
  }

  private finishSending(): void {
    this.command &= ~Command.TRANSMIT;
    this.transmitStatus = TransmitStatus.SENT;
    this.status |= InterruptStatus.SENT;
    this.update();
  }

  /** Stores a frame in the ring behind a header, and makes the next page the current one. */
  private receive(frame: Uint8Array): void {
    const control = this.registers[Page0.RECEIVE_CONTROL];
    if ((this.command & Command.STOP) !== 0 || (control & ReceiveControl.MONITOR) !== 0 || !this.isWanted(frame, control)) return;
    const [start, stop, boundary, current] = [this.registers[Page0.START_PAGE], this.registers[Page0.STOP_PAGE], this.registers[Page0.BOUNDARY], this.stationRegisters[Page1.CURRENT]];
    const pages = Math.ceil((HEADER_BYTES + frame.length + CHECKSUM_BYTES) / PAGE_BYTES);
    const free = boundary > current ? boundary - current : stop - start - (current - boundary);
    if (free <= pages) {
      this.missed = Math.min(MOST_MISSED, this.missed + 1);
      this.status |= InterruptStatus.OVERWRITE;
      return this.update();
    }
    this.receiveStatus = ReceiveStatus.INTACT | ((frame[0] & 1) !== 0 ? ReceiveStatus.GROUP : 0);
    const next = current + pages >= stop ? current + pages - stop + start : current + pages;
    const length = frame.length + CHECKSUM_BYTES;
    let address = current << PAGE_SHIFT;
    for (const byte of [this.receiveStatus, next, length & 0xff, length >> 8, ...frame]) {
      this.putByte(address++, byte);
      if (address === stop << PAGE_SHIFT) address = start << PAGE_SHIFT;
    }
    this.stationRegisters[Page1.CURRENT] = next;
    this.status |= InterruptStatus.RECEIVED;
    this.update();
  }

  /** Whether the address filter lets a frame pass; the multicast hash lets all pass. */
  private isWanted(frame: Uint8Array, control: number): boolean {
    if ((control & ReceiveControl.PROMISCUOUS) !== 0) return true;
    const destination = frame.subarray(0, Frame.ADDRESS_BYTES);
    if (destination.every((byte) => byte === OPEN_BUS)) return (control & ReceiveControl.BROADCAST) !== 0;
    if ((destination[0] & 1) !== 0) return (control & ReceiveControl.MULTICAST) !== 0;
    return destination.every((byte, index) => byte === this.stationRegisters[Page1.ADDRESS + index]);
  }
}
