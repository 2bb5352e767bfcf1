import { beforeEach, describe, expect, it } from 'vitest';
import { PortBus } from '../../src/bus.js';
import { Uart } from '../../src/devices/uart.js';
import { GuestTime } from './guest-time.js';

const BASE = 0x3f8;
const [DATA, IER, IIR, LCR, MCR, LSR, MSR, SCR] = [0, 1, 2, 3, 4, 5, 6, 7];
const FCR = IIR;
const OUT2 = 0x08;

let time: GuestTime;
let bus: PortBus;
let uart: Uart;
let sent: number[];
let line: boolean[];

beforeEach(() => {
  time = new GuestTime();
  bus = new PortBus();
  sent = [];
  line = [];
  uart = new Uart({ clock: time.clock, onTransmit: (byte) => sent.push(byte), onInterrupt: (level) => line.push(level) });
  uart.attach(bus);
});

const get = (offset: number): number => bus.read(BASE + offset, 1);
const put = (offset: number, value: number): void => bus.write(BASE + offset, 1, value);

describe('registers', () => {
  it("passes the probe of Linux's 8250 driver as a 16550A", () => {
    put(SCR, 0x5a);
    expect(get(SCR)).toBe(0x5a);
    put(IER, 0);
    expect(get(IER)).toBe(0);
    put(IER, 0xff);
    expect(get(IER)).toBe(0x0f);
    put(IER, 0);
    put(MCR, 0x1a); // loopback, OUT2, RTS
    expect(get(MSR) & 0xf0).toBe(0x90);
    put(MCR, 0);
    put(LCR, 0);
    put(FCR, 0x01);
    expect(get(IIR) >> 6).toBe(3);
    put(LCR, 0xbf); // no enhanced features register here
    expect(get(IIR)).not.toBe(0);
    put(LCR, 0xe0);
    expect(get(IIR) & 0x10).toBe(0); // no National EXCR1
    put(LCR, 0x80);
    put(FCR, 0x21);
    expect(get(IIR) >> 5).not.toBe(7); // no 64-byte FIFO
  });

  it('has the divisor behind DLAB', () => {
    put(LCR, 0x83);
    put(DATA, 0x34);
    put(IER, 0x12);
    expect([get(DATA), get(IER)]).toEqual([0x34, 0x12]);
    put(LCR, 0x03);
    expect([get(DATA), get(IER), get(LCR)]).toEqual([0, 0, 0x03]);
    expect(sent).toEqual([]);
  });

  it('starts with an empty transmitter, a ready terminal and no interrupt', () => {
    expect([get(LSR), get(MSR), get(IIR), get(MCR)]).toEqual([0x60, 0xb0, 0x01, 0]);
  });

  it('ignores writes to LSR and MSR and the reserved bits of MCR', () => {
    put(LSR, 0xff);
    put(MSR, 0x0f);
    put(MCR, 0xff);
    expect(get(MCR)).toBe(0x1f);
    put(MCR, 0);
    get(MSR);
    expect([get(LSR), get(MSR)]).toEqual([0x60, 0xb0]);
  });
});

describe('transmitting', () => {
  it('sends at once and is always ready', () => {
    for (const byte of [0x48, 0x69, 0xff]) {
      expect(get(LSR) & 0x20).toBe(0x20);
      put(DATA, byte);
    }
    expect(sent).toEqual([0x48, 0x69, 0xff]);
    expect(line).toEqual([]);
  });

  it('interrupts when enabled, each time it is enabled, until IIR is read', () => {
    put(MCR, OUT2);
    put(IER, 0x02);
    expect(line).toEqual([true]);
    expect(get(IIR)).toBe(0x02);
    expect(line).toEqual([true, false]);
    expect(get(IIR)).toBe(0x01);
    put(IER, 0x02); // no change
    expect(get(IIR)).toBe(0x01);
    put(IER, 0x00);
    put(IER, 0x02);
    expect(get(IIR)).toBe(0x02);
  });

  it('makes a new edge for each byte', () => {
    put(MCR, OUT2);
    put(IER, 0x02);
    put(DATA, 0x41);
    put(DATA, 0x42);
    expect(line).toEqual([true, false, true, false, true]);
    put(IER, 0);
    expect(line.at(-1)).toBe(false);
  });
});

describe('receiving', () => {
  it('holds one byte without FIFOs, and loses the old one on overrun', () => {
    expect(uart.receiveSpace).toBe(1);
    uart.receive(0x41);
    expect([uart.receiveSpace, get(LSR)]).toEqual([0, 0x61]);
    uart.receive(0x42);
    expect(get(LSR)).toBe(0x63);
    expect(get(LSR)).toBe(0x61); // reading clears the overrun
    expect(get(DATA)).toBe(0x42);
    expect(get(LSR)).toBe(0x60);
    expect(get(DATA)).toBe(0x42); // the last byte stays in the register
  });

  it('holds sixteen in the FIFO, in order, and loses the new one on overrun', () => {
    put(FCR, 0x01);
    for (let byte = 0; byte < 3; byte++) uart.receive(byte);
    expect([get(DATA), get(DATA), get(DATA)]).toEqual([0, 1, 2]);
    for (let byte = 100; byte < 117; byte++) uart.receive(byte);
    expect(uart.receiveSpace).toBe(0);
    expect(get(LSR)).toBe(0x63);
    for (let byte = 100; byte < 116; byte++) expect(get(DATA)).toBe(byte);
    expect(get(LSR)).toBe(0x60);
  });

  it('interrupts at the trigger level and falls below it', () => {
    put(MCR, OUT2);
    put(FCR, 0x81); // eight bytes
    put(IER, 0x01);
    for (let byte = 0; byte < 7; byte++) uart.receive(byte);
    expect(line).toEqual([]);
    uart.receive(7);
    expect(line).toEqual([true]);
    expect(get(IIR)).toBe(0xc4);
    expect(line).toEqual([true]); // reading IIR does not help, reading data does
    get(DATA);
    expect(line).toEqual([true, false]);
  });

  it.each([[0x01, 1], [0x41, 4], [0x81, 8], [0xc1, 14]])('FCR %i triggers at %i', (fcr, level) => {
    put(FCR, fcr);
    put(IER, 0x01);
    for (let count = 1; count <= level; count++) {
      expect(get(IIR)).toBe(0xc1);
      uart.receive(count);
    }
    expect(get(IIR)).toBe(0xc4);
  });

  it('times out four characters after the last byte, on the exact instruction', () => {
    put(MCR, OUT2);
    put(LCR, 0x80);
    put(DATA, 1); // 115200 baud
    put(LCR, 0x03); // 8N1: ten bits
    put(FCR, 0xc1);
    put(IER, 0x01);
    time.runTo(1000);
    uart.receive(0x41);
    // Crystal periods from floor(1000 · 1.8432 MHz / 200 MHz) = 9: 4 · 10 · 16 · 1 more.
    const due = Math.ceil(((9 + 640) * 200e6) / 1_843_200);
    expect(time.clock.nextDeadline()).toBe(due);
    time.runTo(due - 1);
    expect([get(IIR), line]).toEqual([0xc1, []]);
    time.runTo(due);
    expect([get(IIR), line]).toEqual([0xcc, [true]]);
    get(DATA);
    expect([get(IIR), line]).toEqual([0xc1, [true, false]]);
    expect(time.clock.nextDeadline()).toBe(Infinity);
  });

  it('starts the time-out again with each byte received or read', () => {
    put(FCR, 0xc1);
    uart.receive(1);
    const first = time.clock.nextDeadline();
    time.runTo(5000);
    uart.receive(2);
    const second = time.clock.nextDeadline();
    expect(second).toBeGreaterThan(first);
    time.runTo(10000);
    get(DATA);
    expect(time.clock.nextDeadline()).toBeGreaterThan(second);
  });

  it('survives divisor 0 and the slowest character', () => {
    put(LCR, 0x80);
    put(DATA, 0);
    put(LCR, 0x0f);
    put(FCR, 0xc1);
    uart.receive(1);
    expect(time.clock.nextDeadline()).toBe(Math.ceil((4 * 12 * 16 * 65536 * 200e6) / 1_843_200));
  });

  it('clears with FCR, and when the FIFOs are switched', () => {
    put(FCR, 0x01);
    uart.receive(1);
    put(FCR, 0x03);
    expect(get(LSR)).toBe(0x60);
    uart.receive(1);
    put(FCR, 0x00);
    expect(get(LSR)).toBe(0x60);
    expect(get(IIR)).toBe(0x01);
    expect(time.clock.nextDeadline()).toBe(Infinity);
  });
});

describe('interrupts', () => {
  it('names causes by priority and clears each its own way', () => {
    put(MCR, 0x00);
    put(FCR, 0x01);
    put(IER, 0x0f);
    put(MCR, 0x1f); // loopback with everything on: RI rises, no delta; nothing else changes
    put(MCR, 0x1b); // RI falls
    put(MCR, OUT2);
    for (let byte = 0; byte < 17; byte++) uart.receive(byte);
    expect(get(IIR)).toBe(0xc6);
    get(LSR);
    expect(get(IIR)).toBe(0xc4);
    for (let byte = 0; byte < 16; byte++) get(DATA);
    expect(get(IIR)).toBe(0xc2);
    expect(get(IIR)).toBe(0xc0);
    expect(get(MSR)).toBe(0xb4);
    expect(get(IIR)).toBe(0xc1);
    expect(line.at(-1)).toBe(false);
  });

  it('reaches the bus only through OUT2 and never in loopback', () => {
    put(IER, 0x01);
    uart.receive(1);
    expect(get(IIR)).toBe(0x04);
    expect(line).toEqual([]);
    put(MCR, OUT2);
    expect(line).toEqual([true]);
    put(MCR, OUT2 | 0x10);
    expect(line).toEqual([true, false]);
  });
});

describe('loopback', () => {
  it('returns what is sent and cuts off the world', () => {
    put(MCR, 0x10);
    put(DATA, 0x99);
    uart.receive(0x11);
    expect(sent).toEqual([]);
    expect(get(LSR)).toBe(0x61);
    expect(get(DATA)).toBe(0x99);
    expect(get(LSR)).toBe(0x60);
  });

  it('connects each modem output to its input, with deltas', () => {
    put(MCR, 0x10);
    expect(get(MSR)).toBe(0x0b); // CTS, DSR and DCD fell
    expect(get(MSR)).toBe(0x00);
    for (const [output, status] of [[0x01, 0x22], [0x02, 0x11], [0x04, 0x40], [0x08, 0x88]]) {
      put(MCR, 0x10 | output);
      expect(get(MSR)).toBe(status);
      put(MCR, 0x10);
      expect(get(MSR)).toBe(output === 0x04 ? 0x04 : status & 0x0f);
    }
  });
});

describe('reset', () => {
  it('returns to the state of the master reset pin', () => {
    put(SCR, 0x77);
    put(MCR, OUT2);
    put(FCR, 0xc1);
    put(IER, 0x0f);
    uart.receive(1);
    uart.reset();
    expect([get(IER), get(IIR), get(MCR), get(LSR), get(SCR)]).toEqual([0, 0x01, 0, 0x60, 0x77]);
    expect(line.at(-1)).toBe(false);
    expect(time.clock.nextDeadline()).toBe(Infinity);
  });
});
