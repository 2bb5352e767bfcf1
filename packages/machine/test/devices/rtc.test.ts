import { beforeEach, describe, expect, it } from 'vitest';
import { PortBus } from '../../src/bus.js';
import { TickRate } from '../../src/clock.js';
import { Rtc } from '../../src/devices/rtc.js';
import { GuestTime } from './guest-time.js';

const SECOND = 200_000_000;
const DAY = 86_400 * SECOND;
const [A, B, C, D] = [0x0a, 0x0b, 0x0c, 0x0d];
const rate = new TickRate(32_768);
const at = (tick: number): number => rate.instructionsAt(tick);

let time: GuestTime;
let bus: PortBus;
let rtc: Rtc;
let edges: [instruction: number, level: boolean][];

beforeEach(() => {
  time = new GuestTime();
  bus = new PortBus();
  edges = [];
  rtc = new Rtc({ clock: time.clock, ramBytes: 64 << 20, onInterrupt: (level) => edges.push([time.now, level]) });
  rtc.attach(bus);
});

function get(register: number): number {
  bus.write(0x70, 1, register);
  return bus.read(0x71, 1);
}

function put(register: number, value: number): void {
  bus.write(0x70, 1, register);
  bus.write(0x71, 1, value);
}

/** The registers as hex digits: century and year, month, day, weekday, hours, minutes, seconds. */
function dateTime(): string {
  const hex = (register: number): string => get(register).toString(16).padStart(2, '0');
  return `${hex(0x32)}${hex(9)}-${hex(8)}-${hex(7)} ${hex(6)} ${hex(4)}:${hex(2)}:${hex(0)}`;
}

function setTime(hours: number, minutes: number, seconds: number): void {
  put(4, hours);
  put(2, minutes);
  put(0, seconds);
}

describe('the date', () => {
  it('starts on Tuesday, 1 January 2002 and follows the instruction clock', () => {
    expect(dateTime()).toBe('2002-01-01 03 00:00:00');
    time.now = SECOND - 1;
    expect(dateTime()).toBe('2002-01-01 03 00:00:00');
    time.now = SECOND;
    expect(dateTime()).toBe('2002-01-01 03 00:00:01');
    time.now = 3661 * SECOND;
    expect(dateTime()).toBe('2002-01-01 03 01:01:01');
    time.now = DAY;
    expect(dateTime()).toBe('2002-01-02 04 00:00:00');
  });

  it('counts on the same whether or not anyone looks', () => {
    const other = new GuestTime();
    const unobserved = new PortBus();
    new Rtc({ clock: other.clock, ramBytes: 0, onInterrupt: () => undefined }).attach(unobserved);
    for (; time.now < 400 * DAY; time.now += 0.37 * DAY) dateTime();
    const seen = dateTime();
    other.now = time.now;
    bus = unobserved;
    expect(dateTime()).toBe(seen);
    expect(seen).toMatch(/^2003-02-05/);
  });

  it('goes through leap days and centuries', () => {
    put(B, 0x82);
    for (const [register, value] of [[7, 0x28], [8, 0x02], [9, 0x00], [6, 0x02]]) put(register, value);
    setTime(0x23, 0x59, 0x59);
    put(B, 0x02);
    time.now += SECOND;
    expect(dateTime()).toBe('2000-02-29 03 00:00:00');
    put(7, 0x31);
    put(8, 0x12);
    put(9, 0x99);
    put(6, 0x07);
    setTime(0x23, 0x59, 0x59);
    time.now += SECOND;
    expect(dateTime()).toBe('2100-01-01 01 00:00:00');
  });

  it('counts in binary and with twelve hours', () => {
    put(B, 0x86);
    put(0x32, 20);
    put(9, 1);
    put(7, 31);
    put(8, 12);
    setTime(23, 59, 58);
    put(B, 0x06);
    time.now = SECOND;
    expect([get(4), get(2), get(0)]).toEqual([23, 59, 59]);
    time.now = 2 * SECOND;
    expect([get(0x32), get(9), get(8), get(7), get(4)]).toEqual([20, 2, 1, 1, 0]);
    put(B, 0x00);
    const hours: [number, number][] = [[0x12, 0x01], [0x11, 0x92], [0x92, 0x81], [0x91, 0x12]]; // 12 AM, 11 AM, 12 PM, 11 PM
    for (const [before, after] of hours) {
      setTime(before, 0x59, 0x59);
      time.now += SECOND;
      expect(get(4)).toBe(after);
    }
  });

  it('does not break on nonsense', () => {
    for (let register = 0; register < 10; register++) put(register, 0xff);
    put(0x32, 0xff);
    for (let day = 0; day < 40; day++) {
      time.now += DAY;
      dateTime();
    }
    expect(get(8)).toBeGreaterThan(0);
    expect(get(8)).toBeLessThanOrEqual(0x12);
    put(8, 0);
    put(7, 0);
    put(9, 0);
    put(0x32, 0);
    time.now += DAY;
    expect([get(8), get(7)]).toEqual([0x12, 0x01]); // month 0 is the one before January, day 0 the one before the first
    time.now = Number.MAX_SAFE_INTEGER;
    expect(dateTime()).toMatch(/^\d{4}-\d\d-\d\d \d\d \d\d:\d\d:\d\d$/);
  });
});

describe('the update cycle', () => {
  it('announces itself 73 ticks before the second', () => {
    time.now = at(32768 - 73) - 1;
    expect(get(A)).toBe(0x26);
    time.now++;
    expect(get(A)).toBe(0xa6);
    time.now = SECOND - 1;
    expect(get(A)).toBe(0xa6);
    time.now = SECOND;
    expect(get(A)).toBe(0x26);
  });

  it('lets a polling loop end', () => {
    let rises = 0;
    const poll = (until: number): void => {
      while ((get(A) & 0x80) !== until) {
        time.now += 20;
        rises++;
      }
    };
    time.now = at(32768 - 80);
    poll(0x80);
    poll(0);
    expect(time.now).toBeGreaterThanOrEqual(SECOND);
    expect(time.now).toBeLessThan(SECOND + 40);
    expect(rises).toBeLessThan(50_000);
  });

  it('stops for SET, which also clears UIE, and loses no phase', () => {
    put(B, 0x92);
    expect(get(B)).toBe(0x82);
    time.now = SECOND - 1;
    expect(get(A)).toBe(0x26);
    time.now = 10.5 * SECOND;
    expect(dateTime()).toBe('2002-01-01 03 00:00:00');
    put(B, 0x02);
    time.now = 11 * SECOND - 1;
    expect(get(0)).toBe(0);
    time.now = 11 * SECOND;
    expect(get(0)).toBe(1);
  });

  it('comes half a second after the divider is released', () => {
    time.now = 5.25 * SECOND;
    put(A, 0x76);
    time.now = 20 * SECOND;
    expect(get(0)).toBe(0x05);
    expect(get(A)).toBe(0x76);
    put(A, 0x26);
    time.now = 20.5 * SECOND - 1;
    expect(get(0)).toBe(0x05);
    time.now = 20.5 * SECOND;
    expect(get(0)).toBe(0x06);
    time.now = 21.5 * SECOND;
    expect(get(0)).toBe(0x07);
  });
});

describe('interrupts', () => {
  it('has no deadline while none is enabled, but sets the causes', () => {
    time.now = 2 * SECOND;
    expect(time.clock.nextDeadline()).toBe(Infinity);
    expect(get(C)).toBe(0x50);
    expect(get(C)).toBe(0x00);
    expect(edges).toEqual([]);
  });

  it('interrupts periodically on exact instructions, once for each read of register C', () => {
    put(B, 0x42); // 1024 Hz: 32 ticks
    time.runTo(at(100));
    expect(edges).toEqual([[at(32), true]]);
    expect(time.clock.nextDeadline()).toBe(Infinity); // an idle machine must not wake for nothing
    expect(get(C)).toBe(0xc0);
    expect(edges).toEqual([[at(32), true], [at(100), false]]);
    time.runTo(at(128) - 1);
    expect(edges).toHaveLength(2);
    time.runTo(at(128));
    expect(edges[2]).toEqual([at(128), true]);
  });

  it.each([[1, 128], [2, 256], [3, 4], [6, 32], [8, 128], [15, 16384]])('has a period at rate %i of %i ticks', (select, ticks) => {
    put(A, 0x20 | select);
    put(B, 0x42);
    time.runTo(at(ticks));
    expect(edges).toEqual([[at(ticks), true]]);
  });

  it('has no period at rate 0', () => {
    put(A, 0x20);
    put(B, 0x42);
    expect(time.clock.nextDeadline()).toBe(Infinity);
    time.now = SECOND;
    expect(get(C)).toBe(0x10);
  });

  it('counts the periods of a new rate from the present on', () => {
    time.now = at(1000);
    get(C);
    put(A, 0x25);
    expect(get(C)).toBe(0);
    time.now = at(1008);
    expect(get(C)).toBe(0x40);
  });

  it('interrupts after an update', () => {
    get(C);
    put(B, 0x12);
    time.runTo(3 * SECOND);
    expect(edges).toEqual([[SECOND, true]]);
    expect(get(C)).toBe(0xd0); // the periodic cause is there, too
    time.runTo(4 * SECOND);
    expect(edges.at(-1)).toEqual([4 * SECOND, true]);
  });

  it('interrupts at the alarm time, every day', () => {
    put(5, 0x01);
    put(3, 0x02);
    put(1, 0x03);
    put(B, 0x22);
    const alarm = (3600 + 120 + 3) * SECOND;
    expect(time.clock.nextDeadline()).toBe(alarm);
    time.runTo(alarm);
    expect(edges).toEqual([[alarm, true]]);
    expect(get(C) & 0xa0).toBe(0xa0);
    expect(time.clock.nextDeadline()).toBe(alarm + DAY);
  });

  it.each([
    ['every second', [0xff, 0xff, 0xff], 1],
    ['every minute', [0xff, 0xff, 0x00], 60],
    ['every hour', [0xc0, 0x00, 0x00], 3600],
    ['in one minute of each hour', [0xff, 0x05, 0xff], 300],
    ['at noon', [0x12, 0x00, 0x00], 43200],
    ['at the present time, which has passed', [0x00, 0x00, 0x00], 86400],
    ['never', [0x30, 0x00, 0x00], Infinity],
  ])('alarms %s', (_, [hours, minutes, seconds], first) => {
    put(5, hours);
    put(3, minutes);
    put(1, seconds);
    put(B, 0x22);
    expect(time.clock.nextDeadline()).toBe(first * SECOND);
  });

  it('sets the alarm cause also when it is disabled and time jumped over it', () => {
    put(5, 0x00);
    put(3, 0x01);
    put(1, 0x00);
    time.now = 59 * SECOND;
    expect(get(C) & 0x20).toBe(0);
    time.now = 7200 * SECOND;
    expect(get(C) & 0x20).toBe(0x20);
  });

  it('interrupts at once when a cause that has come is enabled, and falls when it is disabled', () => {
    time.now = SECOND;
    put(B, 0x12);
    expect(edges).toEqual([[SECOND, true]]);
    put(B, 0x02);
    expect(edges).toEqual([[SECOND, true], [SECOND, false]]);
  });

  it('waits with updates and alarms while SET is on', () => {
    put(B, 0xa2);
    expect(time.clock.nextDeadline()).toBe(Infinity);
    put(B, 0xc2);
    expect(time.clock.nextDeadline()).toBe(at(32));
  });

  it('loses enables and causes at reset, not the time', () => {
    put(B, 0x72);
    time.runTo(SECOND);
    rtc.reset();
    expect([get(B), get(C)]).toEqual([0x02, 0]);
    expect(edges.at(-1)).toEqual([SECOND, false]);
    expect(time.clock.nextDeadline()).toBe(Infinity);
    expect(get(0)).toBe(1);
  });
});

describe('the memory', () => {
  it('keeps what is written, at 128 addresses, with the NMI mask above them', () => {
    put(0x40, 0xab);
    expect(get(0xc0)).toBe(0xab);
    expect(get(0x18) * 256 + get(0x17)).toBe(63 * 1024);
    expect(bus.read(0x70, 1)).toBe(0xff);
  });

  it('has read-only registers C and D', () => {
    put(C, 0xff);
    put(D, 0x00);
    expect([get(C), get(D)]).toEqual([0, 0x80]);
    put(A, 0xff);
    expect(get(A)).toBe(0x7f);
  });
});
