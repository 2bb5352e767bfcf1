import { beforeEach, describe, expect, it } from 'vitest';
import { PortBus } from '../../src/bus.js';
import { Vga } from '../../src/devices/vga.js';
import { GuestTime } from './guest-time.js';

const TEXT = 0xb8000;
/** Instructions per character clock at the default speed: 200 MHz over 28.322 MHz / 9. */
const CHARACTER = 200e6 / 3_146_889;
const FRAME = 100 * 449;

let time: GuestTime;
let bus: PortBus;
let vga: Vga;

beforeEach(() => {
  time = new GuestTime();
  bus = new PortBus();
  vga = new Vga(time.clock);
  vga.attach(bus);
});

const get = (port: number): number => bus.read(port, 1);
const put = (port: number, value: number): void => bus.write(port, 1, value);

function indexed(port: number, index: number): number {
  put(port, index);
  return get(port + 1);
}

function crtc(index: number, value: number): void {
  bus.write(0x3d4, 2, index | (value << 8));
}

/** Guest memory with a text at a byte offset of the text memory. */
function memoryWith(text: string, offset = 0, memory: Uint8Array = new Uint8Array(1 << 20), base = TEXT): Uint8Array {
  Array.from(text).forEach((character, i) => memory.set([character.charCodeAt(0), 0x07], base + offset + 2 * i));
  return memory;
}

describe('text', () => {
  it('gives 25 lines of 80 characters', () => {
    const memory = memoryWith('Hello', 160 * 24 + 20);
    memory.set([0xb0, 7, 0xff, 7, 1, 7, 0x7f, 7, 0xfe, 7, 0x80, 7, 0xe1], TEXT);
    const lines = vga.text(memory);
    expect([lines.length, new Set(lines.map((line) => Array.from(line).length))]).toEqual([25, new Set([80])]);
    expect(lines[0].trimEnd()).toBe('░ ☺⌂■Çß');
    expect(lines[24]).toBe(`${' '.repeat(10)}Hello${' '.repeat(65)}`);
    expect(lines[1]).toBe(' '.repeat(80));
  });

  it('follows the start address, round the end of the text memory', () => {
    crtc(0x0c, 0x3f);
    crtc(0x0d, 0xff);
    const memory = memoryWith('>', 0x7ffe);
    memoryWith('<', 0, memory);
    expect(vga.text(memory)[0].slice(0, 3)).toBe('>< ');
  });

  it('follows the pitch and the memory map', () => {
    crtc(0x13, 0x50);
    expect(vga.text(memoryWith('wide', 320))[1].trimEnd()).toBe('wide');
    bus.write(0x3ce, 2, 0x0a06);
    expect(vga.text(memoryWith('mono', 320, new Uint8Array(1 << 20), 0xb0000))[1].trimEnd()).toBe('mono');
  });

  it('shows blanks where there is no memory', () => {
    expect(vga.text(new Uint8Array(TEXT + 2).fill(0x41)).join('').trimEnd()).toBe('A');
  });
});

describe('registers', () => {
  it('hold the 80 by 25 text mode', () => {
    expect([get(0x3cc), indexed(0x3c4, 2), indexed(0x3ce, 6), indexed(0x3d4, 1), indexed(0x3d4, 9), indexed(0x3d4, 0x13)]).toEqual([0x67, 3, 0x0e, 79, 0x4f, 40]);
  });

  it('keep the cursor', () => {
    crtc(0x0e, 0x07);
    crtc(0x0f, 0xcf);
    crtc(0x0a, 0x20);
    expect([indexed(0x3d4, 0x0e), indexed(0x3d4, 0x0f), indexed(0x3d4, 0x0a), get(0x3d4)]).toEqual([0x07, 0xcf, 0x20, 0x0a]);
  });

  it('keep sequencer and graphics, and have nothing beyond', () => {
    for (const [port, index] of [[0x3c4, 4], [0x3ce, 8], [0x3d4, 0x18]]) {
      bus.write(port, 2, index | 0x5a00);
      expect([indexed(port, index), get(port)]).toEqual([0x5a, index]);
      bus.write(port, 2, (index + 1) | 0x5a00);
      expect(indexed(port, index + 1)).toBe(0);
    }
    expect([get(0x3c2), get(0x3cb), get(0x3cd), get(0x3c3)]).toEqual([0, 0xff, 0xff, 1]);
    put(0x3cb, 1);
    put(0x3c3, 2);
    expect(get(0x3c3)).toBe(0);
  });

  it('protect the horizontal timing', () => {
    crtc(0x00, 0x11);
    crtc(0x07, 0x00);
    expect([indexed(0x3d4, 0), indexed(0x3d4, 7)]).toEqual([0x5f, 0x0f]);
    crtc(0x11, 0x0e);
    crtc(0x00, 0x11);
    expect(indexed(0x3d4, 0)).toBe(0x11);
  });

  it('take index and data in turn at the attribute port', () => {
    get(0x3da);
    put(0x3c0, 0x30);
    expect([get(0x3c0), get(0x3c1)]).toEqual([0x30, 0x0c]);
    put(0x3c0, 0x08);
    put(0x3c0, 0x21);
    expect([get(0x3c0), get(0x3c1)]).toEqual([0x21, 1]);
    get(0x3da);
    put(0x3c0, 0x22);
    expect(get(0x3c0)).toBe(0x22);
    get(0x3da);
    put(0x3c0, 0x30);
    expect([get(0x3c0), get(0x3c1)]).toEqual([0x30, 0x08]);
  });

  it('answer at the monochrome or the colour address', () => {
    put(0x3d4, 0x0e);
    expect([get(0x3d4), get(0x3b4), get(0x3ba)]).toEqual([0x0e, 0xff, 0xff]);
    put(0x3c2, 0x66);
    put(0x3d4, 0x01);
    expect([get(0x3d4), get(0x3b4), get(0x3da), get(0x3b5)]).toEqual([0xff, 0x0e, 0xff, 0]);
    put(0x3ba, 0xff);
    expect(get(0x3ca)).toBe(0x0b);
  });

  it('walk through the palette', () => {
    put(0x3c7, 0x14);
    expect([get(0x3c7), get(0x3c9), get(0x3c9), get(0x3c9), get(0x3c8)]).toEqual([3, 0x2a, 0x15, 0, 0x15]);
    put(0x3c8, 0xff);
    for (const value of [0xc1, 2, 3, 4]) put(0x3c9, value);
    expect([get(0x3c7), get(0x3c8)]).toEqual([0, 0]);
    put(0x3c7, 0xff);
    expect([get(0x3c9), get(0x3c9), get(0x3c9), get(0x3c9), get(0x3c6)]).toEqual([1, 2, 3, 4, 0xff]);
    put(0x3c6, 0x0f);
    expect(get(0x3c6)).toBe(0x0f);
  });

  it('go back to the text mode at a reset', () => {
    put(0x3c2, 0);
    bus.write(0x3ce, 2, 0x0006);
    put(0x3c0, 1);
    put(0x3c6, 0);
    vga.reset();
    expect([get(0x3cc), indexed(0x3ce, 6), get(0x3c0), get(0x3c6)]).toEqual([0x67, 0x0e, 0, 0xff]);
    expect(vga.text(memoryWith('back'))[0].trimEnd()).toBe('back');
  });
});

describe('input status 1', () => {
  const atCharacter = (character: number): number => {
    time.now = Math.ceil(character * CHARACTER);
    return get(0x3da);
  };

  it('follows the beam on the instruction clock', () => {
    expect([atCharacter(0), atCharacter(79), atCharacter(80), atCharacter(100), atCharacter(100 * 400)]).toEqual([0, 0, 1, 0, 1]);
    expect([atCharacter(411 * 100), atCharacter(412 * 100), atCharacter(413 * 100 + 99), atCharacter(414 * 100)]).toEqual([1, 9, 9, 1]);
    expect([atCharacter(FRAME), atCharacter(FRAME + 80), atCharacter(FRAME * 1000 + 412 * 100)]).toEqual([0, 1, 9]);
  });
});
