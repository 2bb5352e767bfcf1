/**
 * The two 8237A DMA controllers of a PC/AT and their page registers (Intel 8237A data sheet, "Programming"; IBM PC/AT Technical Reference,
 * "I/O Address Map"). No device here requests DMA, so that nothing is ever transferred: the registers keep what is written and give back what
 * the chips let one read.
 */
import type { PortBus } from '../bus.js';

const CHANNELS = 4;
/** Addresses and counts of the four channels alternate in the first eight registers. */
const WORD_REGISTERS = 2 * CHANNELS;
const Register = {
  STATUS_COMMAND: 8, REQUEST: 9, SINGLE_MASK: 10, MODE: 11, CLEAR_FLIP_FLOP: 12, TEMPORARY_MASTER_CLEAR: 13, CLEAR_MASK: 14, ALL_MASKS: 15,
} as const;
const REGISTERS = 16;
const CHANNEL = 0x03;
const SET_BIT = 0x04;
const ALL_CHANNELS = 0x0f;
const REQUEST_SHIFT = 4;
const UNREADABLE = 0xff;
/** Upper bits of the mask register where it can be read. */
const UNUSED_MASK_BITS = 0xf0;

/** One 8237A. */
class Dma8237 {
  /** A channel's current registers; without transfers they equal the base registers. */
  private readonly words = new Uint16Array(WORD_REGISTERS);
  private highByte = false;
  private requests = 0;
  private masks = ALL_CHANNELS;

  read(register: number): number {
    if (register < WORD_REGISTERS) {
      const word = this.words[register];
      return this.takeFlipFlop() ? word >> 8 : word & 0xff;
    }
    if (register === Register.STATUS_COMMAND) return this.requests << REQUEST_SHIFT;
    if (register === Register.TEMPORARY_MASTER_CLEAR) return 0;
    return register === Register.ALL_MASKS ? UNUSED_MASK_BITS | this.masks : UNREADABLE;
  }

  write(register: number, value: number): void {
    if (register < WORD_REGISTERS) {
      const word = this.words[register];
      this.words[register] = this.takeFlipFlop() ? (word & 0xff) | (value << 8) : (word & 0xff00) | value;
      return;
    }
    switch (register) {
      case Register.REQUEST: this.requests = withBit(this.requests, value); break;
      case Register.SINGLE_MASK: this.masks = withBit(this.masks, value); break;
      case Register.CLEAR_FLIP_FLOP: this.highByte = false; break;
      case Register.TEMPORARY_MASTER_CLEAR: this.clear(); break;
      case Register.CLEAR_MASK: this.masks = 0; break;
      case Register.ALL_MASKS: this.masks = value & ALL_CHANNELS; break;
      default:
        // Command and mode direct transfers, which do not happen, and cannot be read.
        break;
    }
  }

  /** The RESET pin and the master clear command. Addresses and counts stay. */
  clear(): void {
    this.highByte = false;
    this.requests = 0;
    this.masks = ALL_CHANNELS;
  }

  private takeFlipFlop(): boolean {
    const high = this.highByte;
    this.highByte = !high;
    return high;
  }
}

function withBit(bits: number, value: number): number {
  const bit = 1 << (value & CHANNEL);
  return (value & SET_BIT) === 0 ? bits & ~bit : bits | bit;
}

const FIRST_PORT = 0x00;
const SECOND_PORT = 0xc0;
/** The second controller hangs one address line higher, for word transfers; its odd ports repeat the even ones. */
const SECOND_SHIFT = 1;
/** Port 80h belongs to the power-on self-test. */
const PAGE_PORT = 0x81;
const PAGES = 15;

export class DmaControllers {
  private readonly first = new Dma8237();
  private readonly second = new Dma8237();
  private readonly pages = new Uint8Array(PAGES);

  attach(bus: PortBus): void {
    bus.register(FIRST_PORT, REGISTERS, {
      readByte: (port) => this.first.read(port - FIRST_PORT),
      writeByte: (port, value) => this.first.write(port - FIRST_PORT, value),
    });
    bus.register(SECOND_PORT, REGISTERS << SECOND_SHIFT, {
      readByte: (port) => this.second.read((port - SECOND_PORT) >> SECOND_SHIFT),
      writeByte: (port, value) => this.second.write((port - SECOND_PORT) >> SECOND_SHIFT, value),
    });
    bus.register(PAGE_PORT, PAGES, {
      readByte: (port) => this.pages[port - PAGE_PORT],
      writeByte: (port, value) => {
        this.pages[port - PAGE_PORT] = value;
      },
    });
  }

  reset(): void {
    this.first.clear();
    this.second.clear();
    this.pages.fill(0);
  }
}
