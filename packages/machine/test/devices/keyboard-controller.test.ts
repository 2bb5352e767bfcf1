import { beforeEach, describe, expect, it } from 'vitest';
import { PortBus } from '../../src/bus.js';
import { KeyboardController } from '../../src/devices/keyboard-controller.js';
import { GuestTime } from './guest-time.js';

const DATA = 0x60;
const COMMAND = 0x64;
const FULL = 0x01;
/** One byte on the cable, in instructions at the default speed. */
const BYTE_TIME = 200_000;

let time: GuestTime;
let bus: PortBus;
let line: [instruction: number, level: boolean][];
let resets: number;
let controller: KeyboardController;

beforeEach(() => {
  time = new GuestTime();
  bus = new PortBus();
  line = [];
  resets = 0;
  controller = new KeyboardController({ clock: time.clock, onInterrupt: (level) => line.push([time.now, level]), onReset: () => resets++ });
  controller.attach(bus);
});

const status = (): number => bus.read(COMMAND, 1);
const read = (): number => bus.read(DATA, 1);
const command = (code: number, ...data: number[]): void => {
  bus.write(COMMAND, 1, code);
  for (const byte of data) bus.write(DATA, 1, byte);
};

/** A controller command with a one-byte answer, which is there at once. */
function ask(code: number, ...data: number[]): number {
  command(code, ...data);
  expect(status() & FULL).toBe(FULL);
  return read();
}

/** Every byte that comes from the keyboard, at the speed of the cable. */
function receive(): number[] {
  const bytes: number[] = [];
  for (;;) {
    if ((status() & FULL) !== 0) bytes.push(read());
    else if (time.clock.nextDeadline() === Infinity) return bytes;
    else time.runTo(time.clock.nextDeadline());
  }
}

function send(...bytes: number[]): number[] {
  return bytes.flatMap((byte) => {
    bus.write(DATA, 1, byte);
    return receive();
  });
}

describe('the controller', () => {
  it('is as the BIOS leaves it', () => {
    expect([status(), read(), ask(0x20), ask(0xc0), ask(0xe0), controller.a20Enabled]).toEqual([0x14, 0, 0x65, 0x80, 0, true]);
  });

  it('passes its tests', () => {
    expect([ask(0xaa), ask(0xab)]).toEqual([0x55, 0x00]);
    expect(status()).toBe(0x1c);
    bus.write(DATA, 1, 0xf4);
    expect(status()).toBe(0x14);
  });

  it('keeps the command byte and the rest of its memory', () => {
    command(0x60, 0x30);
    command(0x7f, 0xa5);
    expect([ask(0x20), ask(0x3f), ask(0x21), status() & 0x04]).toEqual([0x30, 0xa5, 0, 0]);
    expect(ask(0xaa)).toBe(0x55);
    expect(status() & 0x04).toBe(0x04);
    command(0xad);
    expect(ask(0x20) & 0x10).toBe(0x10);
    command(0xae);
    expect(ask(0x20) & 0x10).toBe(0);
  });

  it('forgets a command whose data byte never came', () => {
    command(0x60);
    command(0xd1);
    expect(ask(0x20)).toBe(0x65);
    expect(send(0xee)).toEqual([0xee]);
  });

  it('ignores commands that it does not know, and holds only one byte', () => {
    for (const code of [0x00, 0x1f, 0x80, 0xa4, 0xa7, 0xa8, 0xac, 0xc1, 0xd5, 0xee, 0xef]) command(code);
    expect([status() & FULL, line]).toEqual([0, []]);
    command(0xaa);
    command(0xab);
    expect([read(), status() & FULL, read()]).toEqual([0, 0, 0]);
  });

  it('has no auxiliary device, whichever way a driver looks for it', () => {
    expect(ask(0xa9)).toBe(0x01);
    for (const code of [0xd3, 0xd4]) {
      command(code, 0x5a);
      expect([status() & 0x61, line.at(-1)?.[1] ?? false]).toEqual([0x61, false]);
      expect([read(), status() & 0x61]).toEqual([0xfe, 0]);
    }
  });

  it('switches A20 by its output port', () => {
    expect(ask(0xd0)).toBe(0xcf);
    command(0xd1, 0xdd);
    expect([controller.a20Enabled, ask(0xd0) & 0x03, resets]).toEqual([false, 0x01, 0]);
    command(0xd1, 0xdf);
    command(0xff);
    expect([controller.a20Enabled, resets]).toEqual([true, 0]);
  });

  it('pulls the reset line by a pulse or the output port', () => {
    command(0xfe);
    expect(resets).toBe(1);
    command(0xf0);
    command(0xfd);
    expect(resets).toBe(2);
    command(0xd1, 0xce);
    command(0xd1, 0xce);
    expect(resets).toBe(3);
  });

  it('interrupts for what the guest puts into the output buffer itself', () => {
    command(0xd2, 0x42);
    expect([line, status() & FULL]).toEqual([[[0, true]], FULL]);
    expect([read(), line.length]).toEqual([0x42, 2]);
    command(0x60, 0x64);
    command(0xd2, 0x43);
    expect([line.length, read()]).toEqual([2, 0x43]);
  });

  it('starts over at a reset', () => {
    command(0x60, 0x00);
    command(0xd1, 0xdd);
    send(0xed, 7);
    controller.type('abc');
    command(0xd2, 1);
    controller.reset();
    expect([status(), ask(0x20), controller.a20Enabled, controller.keyboard.lights, receive()]).toEqual([0x14, 0x65, true, 0, []]);
    expect(line.at(-1)?.[1] ?? false).toBe(false);
  });
});

describe('the keyboard', () => {
  beforeEach(() => command(0x60, 0x05)); // interrupts, no translation

  it('answers after one byte time on the cable, with an interrupt for each byte', () => {
    bus.write(DATA, 1, 0xf2);
    time.runTo(BYTE_TIME - 1);
    expect(status() & FULL).toBe(0);
    time.runTo(BYTE_TIME);
    expect([status() & FULL, line]).toEqual([FULL, [[BYTE_TIME, true]]]);
    time.runTo(5 * BYTE_TIME);
    expect(read()).toBe(0xfa);
    expect(receive()).toEqual([0xab, 0x83]);
    expect(line.map(([at, level]) => [at / BYTE_TIME, level])).toEqual([[1, true], [5, false], [6, true], [6, false], [7, true], [7, false]]);
  });

  it('answers a host that polls and never lets a deadline fire', () => {
    bus.write(DATA, 1, 0xee);
    time.now = BYTE_TIME;
    expect([status() & FULL, read(), time.clock.nextDeadline()]).toEqual([FULL, 0xee, Infinity]);
  });

  it('knows its commands', () => {
    expect(send(0xff)).toEqual([0xfa, 0xaa]);
    expect(send(0xee)).toEqual([0xee]);
    expect(send(0xfe)).toEqual([0xee]);
    for (const code of [0xf4, 0xf5, 0xf6]) expect(send(code)).toEqual([0xfa]);
    expect([send(0xed, 0x05), controller.keyboard.lights]).toEqual([[0xfa, 0xfa], 5]);
    expect(send(0xf3, 0x20)).toEqual([0xfa, 0xfa]);
    expect(send(0xf0, 0x00)).toEqual([0xfa, 0xfa, 0x02]);
    expect(send(0xf0, 0x03)).toEqual([0xfa, 0xfe]);
    expect(send(0xf0, 0x01, 0xf0, 0x00)).toEqual([0xfa, 0xfa, 0xfa, 0xfa, 0x01]);
    for (const code of [0x00, 0x5a, 0xec, 0xef, 0xf1, 0xf7, 0xfd]) expect(send(code)).toEqual([0xfe]);
  });

  it('takes a command where an argument should be, and drops old answers', () => {
    expect(send(0xed, 0xf2)).toEqual([0xfa, 0xfa, 0xab, 0x83]);
    bus.write(DATA, 1, 0xf2);
    bus.write(DATA, 1, 0xee);
    expect(receive()).toEqual([0xee]);
  });

  it('cannot send while its interface is disabled; a command enables it', () => {
    controller.type('a');
    command(0xad);
    expect([time.clock.nextDeadline(), receive()]).toEqual([Infinity, []]);
    command(0xae);
    expect(receive()).toEqual([0x1c, 0xf0, 0x1c]);
    command(0xad);
    expect([send(0xee), ask(0x20) & 0x10]).toEqual([[0xee], 0]);
  });
});

describe('typing', () => {
  it('comes in set 1 through the translation', () => {
    controller.type('aB\n');
    expect(receive()).toEqual([0x1e, 0x9e, 0x2a, 0x30, 0xb0, 0xaa, 0x1c, 0x9c]);
    expect([send(0xf2), send(0xf0, 0)]).toEqual([[0xfa, 0xab, 0x41], [0xfa, 0xfa, 0x41]]);
  });

  it('takes one byte time for each byte that the guest gets', () => {
    controller.type('a');
    receive();
    expect([time.now, line.map(([at]) => at / BYTE_TIME)]).toEqual([2 * BYTE_TIME, [1, 1, 2, 2]]);
  });

  it('comes in set 2 without it, and in set 1 from a keyboard that was told so', () => {
    command(0x60, 0x05);
    controller.type('a!');
    expect(receive()).toEqual([0x1c, 0xf0, 0x1c, 0x12, 0x16, 0xf0, 0x16, 0xf0, 0x12]);
    send(0xf0, 0x01);
    controller.type('a!');
    expect(receive()).toEqual([0x1e, 0x9e, 0x2a, 0x02, 0x82, 0xaa]);
  });

  it('reaches every printable character of ASCII and the usual control characters', () => {
    /** Set 1 positions of a US keyboard: plain and shifted characters. */
    const rows: [number, string, string][] = [
      [0x02, '1234567890-=\b\t', '!@#$%^&*()_+'], [0x10, 'qwertyuiop[]\n', 'QWERTYUIOP{}'], [0x1e, "asdfghjkl;'`", 'ASDFGHJKL:"~'],
      [0x2b, '\\zxcvbnm,./', '|ZXCVBNM<>?'], [0x39, ' ', ''], [0x01, '\x1b', ''],
    ];
    let typed = 0;
    for (const [first, plain, shifted] of rows) {
      Array.from(plain).forEach((character, i) => {
        controller.type(character);
        expect(receive()).toEqual([first + i, (first + i) | 0x80]);
      });
      Array.from(shifted).forEach((character, i) => {
        controller.type(character);
        expect(receive()).toEqual([0x2a, first + i, (first + i) | 0x80, 0xaa]);
      });
      typed += plain.length + shifted.length;
    }
    expect(typed).toBe(95 + 4);
    controller.type('\x03\r');
    expect(receive()).toEqual([0x1d, 0x2e, 0xae, 0x9d, 0x1c, 0x9c]);
  });

  it('queues, waits while scanning is off, and lets answers go first', () => {
    controller.type('a');
    controller.type('b');
    expect(controller.keyboard.isIdle).toBe(false);
    expect(send(0xf5)).toEqual([0xfa]);
    expect(send(0xf4)).toEqual([0xfa, 0x1e, 0x9e, 0x30, 0xb0]);
    expect(controller.keyboard.isIdle).toBe(true);
  });

  it('refuses a character without a key and then types nothing', () => {
    expect(controller.type('aü')).toBe(false);
    expect(receive()).toEqual([]);
  });
});
