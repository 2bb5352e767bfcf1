import { MARKER_PORT } from '@ringbench/isa';
import { REQUEST_BYTES, RequestField, RequestOperation, RequestPort, RequestRegister } from '@ringbench/machine';
import { KernelGuest } from './kernel-guest.js';
import { PAGE_BYTES, SCRATCH } from './memory-map.js';
import { at, EAX, EBX, ECX, EDI, EDX, ESI } from './operands.js';

/**
 * Guests that send frames to the peer that echoes and fetch the answers, one way by an NE2000, the other by the laboratory's network card. They log what came back, and
 * mark the region in which they do (docs/virtual-devices.md, section 8).
 */

export const FRAME_BYTES = 64;
const FRAME_WORDS = FRAME_BYTES / 2;
const FRAME = SCRATCH;
const ANSWER = SCRATCH + PAGE_BYTES;
const CHAIN = SCRATCH + 2 * PAGE_BYTES;
/** Addresses of the card and of its peer, a type, and data that is its number. */
const FRAME_START = [0x03020102, 0x52020504, 0x86030042, 0x00000008] as const;
/** Two instructions each: longer than a frame is on the cable, and than its answer takes behind it. */
const ROUNDS_TO_SEND = 10_000;
const ROUNDS_TO_ANSWER = 16_000;

const CARD = 0x300;
const DATA_PORT = CARD + 0x10;
/** Registers of the DP8390 (data sheet, section 10), by the names that it gives them. */
const Register = { CR: 0, PSTART: 1, PSTOP: 2, BNRY: 3, TPSR: 4, TBCR0: 5, TBCR1: 6, ISR: 7, RSAR0: 8, RSAR1: 9, RBCR0: 10, RBCR1: 11, RCR: 12, TCR: 13, DCR: 14, IMR: 15 } as const;
const StationRegister = { PAR0: 1, CURR: 7 } as const;
const STATION = [0x02, 0x52, 0x42, 0x00, 0x03, 0x86] as const;
const Cr = { STOP: 0x21, START: 0x22, STOP_PAGE_1: 0x61, START_PAGE_1: 0x62, READ: 0x0a, WRITE: 0x12, SEND: 0x26 } as const;
const WORD_TRANSFERS = 0x49;
const TRANSMIT_PAGE = 0x40;
const RING = { from: 0x46, to: 0x80 } as const;
const ALL = 0xff;
const DONE_SENDING = 0x42;
const DONE_RECEIVING = 0x01;
const REP_OUTSW = [0xf3, 0x66, 0x6f] as const;
const REP_INSW = [0xf3, 0x66, 0x6d] as const;
const HEADER_BYTES = 4;

class NetworkGuest extends KernelGuest {
  marker(value: number): this { return this.outByte(MARKER_PORT, value); }
  /** Puts frame `number` into memory. */
  frame(number: number, place: number): this {
    [...FRAME_START, ...Array.from({ length: FRAME_BYTES / 4 - FRAME_START.length }, (_, index) => number * 0x01010101 + index)].forEach((word, index) => this.mov(at(place + 4 * index), word));
    return this;
  }
  /** Logs where an answer came from, and its number. */
  logAnswer(place: number): this { return this.logMemory(place).logMemory(place + 4).logMemory(place + FRAME_BYTES - 4); }

  out(register: number, value: number): this { return this.mov(EDX, CARD + register).movAl(value).raw(0xee); }
  in(register: number): this { return this.mov(EDX, CARD + register).raw(0xec); }
  /** Four accesses: where remote DMA begins, and how far it may go. */
  window(page: number, bytes: number): this {
    return this.out(Register.RBCR0, bytes & 0xff).out(Register.RBCR1, bytes >> 8).out(Register.RSAR0, 0).out(Register.RSAR1, page);
  }

  startCard(): this {
    this.out(Register.CR, Cr.STOP).out(Register.DCR, WORD_TRANSFERS).out(Register.RCR, 0).out(Register.TCR, 0).out(Register.PSTART, RING.from).out(Register.PSTOP, RING.to);
    this.out(Register.BNRY, RING.from).out(Register.TPSR, TRANSMIT_PAGE).out(Register.IMR, 0).out(Register.CR, Cr.STOP_PAGE_1);
    STATION.forEach((byte, index) => this.out(StationRegister.PAR0 + index, byte));
    return this.out(StationRegister.CURR, RING.from + 1).out(Register.CR, Cr.START).out(Register.ISR, ALL);
  }
  /** Eleven accesses to registers and one for each word. */
  send(): this {
    this.window(TRANSMIT_PAGE, FRAME_BYTES).out(Register.CR, Cr.WRITE);
    this.cld().mov(EDX, DATA_PORT).mov(ESI, FRAME).mov(ECX, FRAME_WORDS).raw(...REP_OUTSW);
    this.in(Register.ISR).out(Register.TBCR0, FRAME_BYTES).out(Register.TBCR1, 0).out(Register.CR, Cr.SEND);
    return this.delay(ROUNDS_TO_SEND).in(Register.ISR).out(Register.ISR, DONE_SENDING);
  }
  /** Twelve accesses to registers and one for each word, those of the card's header included: how long the frame is stands there. */
  receive(): this {
    const most = 0x600;
    this.in(Register.ISR).out(Register.ISR, DONE_RECEIVING).out(Register.CR, Cr.START_PAGE_1).in(StationRegister.CURR).out(Register.CR, Cr.START);
    // Behind the boundary is the frame; the boundary's page is kept in memory, so that it needs no access.
    this.out(Register.RBCR0, most & 0xff).out(Register.RBCR1, most >> 8).out(Register.RSAR0, 0).mov(EAX, at('next page')).mov(EDX, CARD + Register.RSAR1).raw(0xee).out(Register.CR, Cr.READ);
    this.cld().mov(EDX, DATA_PORT).mov(EDI, ANSWER).mov(ECX, HEADER_BYTES / 2).raw(...REP_INSW);
    this.movzxWord(ECX, at(ANSWER + 2)).alu('sub', ECX, HEADER_BYTES).shift('shr', ECX, 1).raw(...REP_INSW).out(Register.CR, Cr.START);
    return this.movzxByte(EAX, at(ANSWER + 1)).mov(EBX, at('next page')).mov(at('next page'), EAX).mov(EAX, EBX).mov(EDX, CARD + Register.BNRY).raw(0xee);
  }

  /** A chain of so many requests, each with its own buffer behind `buffers`. */
  chain(count: number, operation: number, buffers: number): this {
    for (let index = 0; index < count; index++) {
      const block = CHAIN + index * REQUEST_BYTES;
      const fields = { NEXT: index === count - 1 ? 0 : block + REQUEST_BYTES, OPERATION: operation, STATUS: 0, BYTES: FRAME_BYTES, BUFFER: buffers + index * FRAME_BYTES } as const;
      for (const [name, value] of Object.entries(fields)) this.mov(at(block + RequestField[name as keyof typeof fields]), value);
    }
    return this;
  }
  /** One access. */
  kick(): this { return this.mov(EDX, RequestPort.NETWORK + RequestRegister.KICK).mov(EAX, CHAIN).raw(0xef); }
}

/** Which part of the work a guest marks as its region. */
export type NetworkPart = 'send' | 'receive';

/** Work, marked as the region if that is wanted. */
const inRegion = (guest: NetworkGuest, mark: boolean, work: (guest: NetworkGuest) => void): void => {
  if (mark) guest.marker(1);
  work(guest);
  if (mark) guest.marker(2);
};

/** Sends and receives one frame by an NE2000 and marks one part of it. Multiboot image. */
export function ne2000Guest(part: NetworkPart): Uint8Array {
  const guest = new NetworkGuest();
  guest.routine('data', (inner) => inner.align(4).label('next page').long(RING.from + 1)).startCard().frame(1, FRAME);
  inRegion(guest, part === 'send', (inner) => inner.send());
  guest.delay(ROUNDS_TO_ANSWER);
  inRegion(guest, part === 'receive', (inner) => inner.receive());
  return guest.logAnswer(ANSWER + HEADER_BYTES).build();
}

/** The same by the laboratory's network card, so many frames with one access. */
export function requestNetworkGuest(part: NetworkPart, frames: number): Uint8Array {
  const guest = new NetworkGuest();
  for (let number = 1; number <= frames; number++) guest.frame(number, FRAME + (number - 1) * FRAME_BYTES);
  guest.chain(frames, RequestOperation.WRITE, FRAME);
  inRegion(guest, part === 'send', (inner) => inner.kick());
  guest.delay(ROUNDS_TO_ANSWER + frames * ROUNDS_TO_SEND).chain(frames, RequestOperation.READ, ANSWER);
  inRegion(guest, part === 'receive', (inner) => inner.kick());
  for (let number = 1; number <= frames; number++) guest.logAnswer(ANSWER + (number - 1) * FRAME_BYTES);
  return guest.build();
}

/** What both log for answer `number` of the peer: the beginning of its addresses, which have changed places, and its last data. */
export const answerLog = (number: number): readonly number[] => [0x00425202, 0x01028603, number * 0x01010101 + FRAME_BYTES / 4 - FRAME_START.length - 1];
