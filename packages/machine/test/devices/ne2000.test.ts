import { beforeEach, describe, expect, it } from 'vitest';
import { PortBus } from '../../src/bus.js';
import { INSTRUCTIONS_PER_SECOND } from '../../src/clock.js';
import { Ne2000 } from '../../src/devices/ne2000.js';
import { BoardPort, InterruptStatus, NE2000_PORTS, Page0, Page1 } from '../../src/devices/ne2000-registers.js';
import { GuestTime } from './guest-time.js';

const MICROSECOND = INSTRUCTIONS_PER_SECOND / 1_000_000;
const FRAME_BYTES = 64;
/** 64 bytes with preamble, checksum and gap, at 0.8 microseconds a byte; then the peer's time. */
const SENT_AFTER = 70.4 * MICROSECOND;
const ANSWERED_AFTER = SENT_AFTER + 100 * MICROSECOND;
const STATION = [0x02, 0x52, 0x42, 0x00, 0x03, 0x86];
const PEER = [0x02, 1, 2, 3, 4, 5];
const FIRST_PAGE = 0x46;
const STOP_PAGE = 0x80;
const TRANSMIT_PAGE = 0x40;
const START = 0x22;
const PAGE_1 = 0x62;
const WRITE_DMA = 0x12;
const READ_DMA = 0x0a;
const SEND = 0x26;

let time: GuestTime;
let bus: PortBus;
let line: boolean;
let card: Ne2000;
const out = (offset: number, value: number): void => bus.write(NE2000_PORTS.first + offset, 1, value);
const input = (offset: number): number => bus.read(NE2000_PORTS.first + offset, 1);
const frameTo = (destination: readonly number[], fill = 0): number[] => [...destination, ...STATION, 8, 0, ...Array.from({ length: FRAME_BYTES - 14 }, (_, index) => (index + fill) & 0xff)];
function address(bytes: number, from: number): void {
  out(Page0.BYTES_LOW, bytes & 0xff);
  out(Page0.BYTES_HIGH, bytes >> 8);
  out(Page0.ADDRESS_LOW, from & 0xff);
  out(Page0.ADDRESS_HIGH, from >> 8);
}
function readCard(from: number, bytes: number): number[] {
  address(bytes, from);
  out(0, READ_DMA);
  return Array.from({ length: bytes / 2 }, () => bus.read(NE2000_PORTS.first + BoardPort.DATA, 2)).flatMap((word) => [word & 0xff, word >> 8]);
}
function load(frame: readonly number[]): void {
  address(frame.length, TRANSMIT_PAGE << 8);
  out(0, WRITE_DMA);
  for (let at = 0; at < frame.length; at += 2) bus.write(NE2000_PORTS.first + BoardPort.DATA, 2, (frame[at] ?? 0) | ((frame[at + 1] ?? 0) << 8));
}
function send(frame: readonly number[]): void {
  load(frame);
  out(Page0.COUNT_LOW, frame.length);
  out(0, SEND);
}
function current(): number {
  out(0, PAGE_1);
  const page = input(Page1.CURRENT);
  out(0, START);
  return page;
}

beforeEach(() => {
  time = new GuestTime();
  bus = new PortBus();
  line = false;
  card = new Ne2000({ clock: time.clock, onInterrupt: (level) => (line = level) });
  card.attach(bus);
  out(0, 0x21);
  out(Page0.DATA_CONTROL, 0x49);
  out(Page0.START_PAGE, FIRST_PAGE);
  out(Page0.STOP_PAGE, STOP_PAGE);
  out(Page0.BOUNDARY, FIRST_PAGE);
  out(Page0.TRANSMIT_PAGE, TRANSMIT_PAGE);
  out(0, 0x61);
  STATION.forEach((byte, index) => out(Page1.ADDRESS + index, byte));
  out(Page1.CURRENT, FIRST_PAGE + 1);
  out(0, START);
  out(Page0.INTERRUPT_STATUS, 0xff);
});

describe('the NE2000', () => {
  it('has its address in the PROM, each byte twice, and the signature of a 16-bit board', () => {
    const prom = readCard(0, 32);
    expect(prom.filter((_, index) => index % 2 === 0).slice(0, 6)).toEqual(STATION);
    expect(prom.slice(28)).toEqual([0x57, 0x57, 0x57, 0x57]);
  });
  it('tells the end of a transfer, by words or by bytes', () => {
    load([1, 2, 3, 4]);
    expect(input(Page0.INTERRUPT_STATUS)).toBe(InterruptStatus.DMA_DONE);
    out(Page0.INTERRUPT_STATUS, InterruptStatus.DMA_DONE);
    expect(input(Page0.INTERRUPT_STATUS)).toBe(0);
    expect(readCard(TRANSMIT_PAGE << 8, 4)).toEqual([1, 2, 3, 4]);
    out(Page0.DATA_CONTROL, 0x48);
    address(2, TRANSMIT_PAGE << 8);
    out(0, READ_DMA);
    expect([0, 1, 2].map(() => input(BoardPort.DATA))).toEqual([1, 2, 0xff]);
  });
  it('sends in the time that the cable takes, and the answer comes with the addresses exchanged', () => {
    out(Page0.INTERRUPT_MASK, InterruptStatus.SENT | InterruptStatus.RECEIVED);
    send(frameTo(PEER));
    time.runTo(SENT_AFTER - 1);
    expect([line, input(0) & 4]).toEqual([false, 4]);
    time.runTo(SENT_AFTER);
    expect([line, input(0) & 4]).toEqual([true, 0]);
    out(Page0.INTERRUPT_STATUS, InterruptStatus.SENT | InterruptStatus.DMA_DONE);
    expect(line).toBe(false);
    time.runTo(ANSWERED_AFTER);
    expect([line, current()]).toEqual([true, FIRST_PAGE + 2]);
    const found = readCard((FIRST_PAGE + 1) << 8, FRAME_BYTES + 4);
    expect(found.slice(0, 4)).toEqual([1, FIRST_PAGE + 2, FRAME_BYTES + 4, 0]);
    expect(found.slice(4)).toEqual([...STATION, ...PEER, ...frameTo(PEER).slice(12)]);
  });
  it('keeps frames in a ring, and loses what has no room in it', () => {
    for (let sent = 0; sent < STOP_PAGE - FIRST_PAGE + 3; sent++) {
      send(frameTo(PEER, sent));
      time.runTo(time.now + ANSWERED_AFTER);
    }
    expect(input(Page0.INTERRUPT_STATUS) & InterruptStatus.OVERWRITE).toBe(InterruptStatus.OVERWRITE);
    expect(input(Page0.MISSED)).toBe(5);
    expect(input(Page0.MISSED)).toBe(0);
    expect(current()).toBe(STOP_PAGE - 1);
    // A page becomes free, and the next frame goes around the end of the ring.
    out(Page0.BOUNDARY, FIRST_PAGE + 20);
    send(frameTo(PEER));
    time.runTo(time.now + ANSWERED_AFTER);
    expect(current()).toBe(FIRST_PAGE);
  });
  it('takes what its filter lets pass', () => {
    const accepted = (frame: readonly number[], control: number): boolean => {
      out(Page0.RECEIVE_CONTROL, control);
      const before = current();
      send([...PEER, ...frame.slice(0, 6), ...frame.slice(12)]);
      time.runTo(time.now + ANSWERED_AFTER);
      out(Page0.BOUNDARY, before);
      return current() !== before;
    };
    const to = (destination: readonly number[]): number[] => [...destination, ...PEER, ...frameTo(PEER).slice(12)];
    expect([0, 0x20].map((control) => accepted(to(STATION), control))).toEqual([true, false]);
    expect([0, 0x10].map((control) => accepted(to([2, 9, 9, 9, 9, 9]), control))).toEqual([false, true]);
    expect([0, 4].map((control) => accepted(to([255, 255, 255, 255, 255, 255]), control))).toEqual([false, true]);
    expect([0, 8].map((control) => accepted(to([1, 0, 0x5e, 0, 0, 1]), control))).toEqual([false, true]);
  });
  it('is stopped by the reset port, with nothing on its way', () => {
    send(frameTo(PEER));
    input(BoardPort.RESET);
    expect(input(Page0.INTERRUPT_STATUS)).toBe(InterruptStatus.RESET);
    time.runTo(2 * ANSWERED_AFTER);
    expect([input(Page0.INTERRUPT_STATUS), line, time.clock.nextDeadline()]).toEqual([InterruptStatus.RESET, false, Infinity]);
  });
});
