import { describe, expect, it } from 'vitest';
import { CountingElement } from '../../src/devices/counting-element.js';
import type { CounterMode } from '../../src/devices/counting-element.js';

/** A counter programmed at tick 0 with a binary count written at tick 0, hence loaded at tick 1. */
function counter(mode: CounterMode, count: number): CountingElement {
  const element = new CountingElement();
  element.setMode(mode, false, 0);
  element.setCount(count, 0);
  return element;
}

/** OUT at ticks from..to as the data sheet's waveforms: '-' high, '_' low. */
function wave(element: CountingElement, from: number, to: number): string {
  let drawn = '';
  for (let tick = from; tick <= to; tick++) drawn += element.output(tick) ? '-' : '_';
  return drawn;
}

function values(element: CountingElement, from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => element.read(from + i));
}

describe('mode 0, interrupt on terminal count', () => {
  it('raises OUT N + 1 pulses after the count was written and counts on', () => {
    const element = counter(0, 4);
    expect(wave(element, 0, 8)).toBe('_____----');
    expect(values(counter(0, 4), 1, 7)).toEqual([4, 3, 2, 1, 0, 0xffff, 0xfffe]);
  });

  it('starts over with a new count, which takes OUT low at once', () => {
    const element = counter(0, 2);
    expect(element.output(5)).toBe(true);
    element.setCount(3, 5);
    expect(wave(element, 5, 10)).toBe('____--');
  });

  it('stops at the first of two bytes', () => {
    const element = counter(0, 10);
    element.beginCount(4);
    expect(values(element, 4, 6)).toEqual([7, 7, 7]);
    expect(element.output(50)).toBe(false);
    element.setCount(2, 50);
    expect(wave(element, 50, 54)).toBe('___--');
  });

  it('holds its count while GATE is low, but loads', () => {
    const element = counter(0, 4);
    element.setGate(false, 2);
    expect(values(element, 2, 5)).toEqual([3, 3, 3, 3]);
    element.setGate(true, 5);
    expect(values(element, 5, 8)).toEqual([3, 2, 1, 0]);
    expect(wave(element, 5, 9)).toBe('___--');
    element.setGate(false, 20);
    element.setCount(3, 20);
    expect(values(element, 21, 23)).toEqual([3, 3, 3]);
    element.setGate(true, 23);
    expect(wave(element, 23, 27)).toBe('___--'); // N pulses, none for the load
  });

  it('takes 0 for 65536', () => {
    const element = counter(0, 0);
    expect(element.read(1)).toBe(0);
    expect(element.read(2)).toBe(0xffff);
    expect(wave(element, 65536, 65538)).toBe('_--');
  });
});

describe('mode 1, one-shot', () => {
  it('waits for a trigger, and a second trigger prolongs the pulse', () => {
    const element = counter(1, 3);
    element.setGate(false, 1);
    expect(wave(element, 1, 5)).toBe('-----');
    expect(element.nullCount(5)).toBe(true);
    element.setGate(true, 5);
    expect(wave(element, 5, 7)).toBe('-__');
    element.setGate(false, 7);
    element.setGate(true, 7);
    expect(wave(element, 7, 12)).toBe('____--');
    expect(element.nullCount(12)).toBe(false);
  });

  it('uses a new count from the next trigger on', () => {
    const element = counter(1, 3);
    element.setGate(false, 0);
    element.setGate(true, 1);
    element.setCount(5, 3);
    expect(wave(element, 2, 6)).toBe('___--');
    element.setGate(false, 10);
    element.setGate(true, 10);
    expect(wave(element, 10, 17)).toBe('-_____--');
  });

  it('ignores a trigger without a count', () => {
    const element = new CountingElement();
    element.setMode(1, false, 0);
    element.setGate(false, 1);
    element.setGate(true, 2);
    expect(wave(element, 2, 5)).toBe('----');
    expect(element.nextChange(5)).toBe(Infinity);
  });
});

describe('mode 2, rate generator', () => {
  it('is low for one pulse in N', () => {
    const element = counter(2, 3);
    expect(wave(element, 0, 10)).toBe('---_--_--_-');
    expect(values(counter(2, 3), 1, 7)).toEqual([3, 2, 1, 3, 2, 1, 3]);
  });

  it('takes a new count at the end of the period', () => {
    const element = counter(2, 4);
    element.setCount(2, 2);
    expect(element.nullCount(4)).toBe(true);
    expect(values(element, 1, 9)).toEqual([4, 3, 2, 1, 2, 1, 2, 1, 2]);
    expect(element.nullCount(5)).toBe(false);
  });

  it('is high and stands still while GATE is low; its rise synchronizes', () => {
    const element = counter(2, 4);
    element.setGate(false, 4);
    expect(wave(element, 4, 9)).toBe('------');
    expect(values(element, 4, 6)).toEqual([1, 1, 1]);
    element.setCount(3, 7);
    element.setGate(true, 9);
    expect(values(element, 9, 13)).toEqual([1, 3, 2, 1, 3]);
    expect(wave(element, 9, 13)).toBe('---_-');
  });

  it('does not load at the end of a period that GATE stopped', () => {
    const element = counter(2, 4);
    element.setCount(3, 2);
    element.setGate(false, 3);
    expect(values(element, 3, 8)).toEqual([2, 2, 2, 2, 2, 2]);
    element.setGate(true, 8);
    expect(values(element, 8, 12)).toEqual([2, 3, 2, 1, 3]);
  });

  it('loads the first count with GATE low', () => {
    const element = new CountingElement();
    element.setGate(false, 0);
    element.setMode(2, false, 0);
    element.setCount(5, 0);
    expect(values(element, 1, 3)).toEqual([5, 5, 5]);
    expect(element.nextChange(3)).toBe(Infinity);
    element.setGate(true, 3);
    expect(values(element, 3, 6)).toEqual([5, 5, 4, 3]);
  });

  it('treats the illegal count 1 as 2', () => {
    expect(wave(counter(2, 1), 1, 6)).toBe('-_-_-_');
  });
});

describe('mode 3, square wave', () => {
  it('has equal halves for an even count and counts by two', () => {
    const element = counter(3, 6);
    expect(wave(element, 1, 13)).toBe('---___---___-');
    expect(values(counter(3, 6), 1, 7)).toEqual([6, 4, 2, 6, 4, 2, 6]);
  });

  it('gives the high half one more for an odd count', () => {
    const element = counter(3, 5);
    expect(wave(element, 1, 11)).toBe('---__---__-');
    expect(values(counter(3, 5), 1, 6)).toEqual([4, 2, 0, 4, 2, 4]);
  });

  it('takes a new count at the end of a half', () => {
    const inHigh = counter(3, 6);
    inHigh.setCount(4, 2);
    expect(wave(inHigh, 1, 11)).toBe('---__--__--');
    const inLow = counter(3, 6);
    inLow.setCount(4, 5);
    expect(wave(inLow, 1, 12)).toBe('---___--__--');
  });

  it('is high while GATE is low and starts over', () => {
    const element = counter(3, 4);
    element.setGate(false, 3);
    expect(wave(element, 3, 6)).toBe('----');
    element.setGate(true, 6);
    expect(wave(element, 6, 11)).toBe('---__-');
    element.setCount(6, 11); // would be loaded at the low half
    element.setGate(false, 11);
    element.setGate(true, 11);
    expect(wave(element, 11, 18)).toBe('----___-');
  });

  it('divides by 65536 for 0', () => {
    const element = counter(3, 0);
    expect(wave(element, 32768, 32769)).toBe('-_');
    expect(wave(element, 65536, 65537)).toBe('_-');
    expect(element.read(2)).toBe(65534);
  });
});

describe('modes 4 and 5, strobes', () => {
  it('strobes once, N + 1 pulses after a software trigger', () => {
    expect(wave(counter(4, 3), 0, 7)).toBe('----_---');
    expect(counter(4, 3).read(6)).toBe(0xfffe);
    expect(counter(4, 3).output(4 + 65536)).toBe(true);
  });

  it('is retriggered by a new count', () => {
    const element = counter(4, 5);
    element.setCount(3, 3);
    expect(wave(element, 3, 9)).toBe('----_--');
  });

  it('strobes after a hardware trigger', () => {
    const element = counter(5, 3);
    element.setGate(false, 0);
    expect(wave(element, 0, 8)).toBe('---------');
    element.setGate(true, 10);
    element.setGate(false, 11);
    expect(wave(element, 10, 16)).toBe('----_--');
  });
});

describe('every mode', () => {
  it('announces each change of OUT and nothing but changes and loads', () => {
    for (const mode of [0, 2, 3, 4] as const) {
      for (const count of [2, 3, 7, 8]) {
        const announced = counter(mode, count);
        const drawn = wave(counter(mode, count), 0, 60);
        const edges = Array.from(drawn).flatMap((level, tick) => (tick > 0 && level !== drawn[tick - 1] ? [tick] : []));
        const found: number[] = [];
        for (let tick = announced.nextChange(0); tick <= 60; tick = announced.nextChange(tick)) if (tick !== 1) found.push(tick);
        expect(found, `mode ${mode} count ${count}`).toEqual(edges);
      }
    }
  });

  it('counts in decimal', () => {
    const element = new CountingElement();
    element.setMode(0, true, 0);
    element.setCount(0x1000, 0);
    expect(values(element, 1, 3)).toEqual([0x1000, 0x0999, 0x0998]);
    expect(element.output(1000)).toBe(false);
    expect(element.output(1001)).toBe(true);
    expect(element.read(1002)).toBe(0x9999);
    element.setMode(2, true, 2000);
    element.setCount(0, 2000);
    expect(values(element, 2001, 2002)).toEqual([0x0000, 0x9999]);
    expect(element.nextChange(2001)).toBe(2001 + 9999);
  });

  it('keeps the old value readable until a new count is loaded', () => {
    const element = counter(2, 100);
    expect(element.read(11)).toBe(90);
    element.setMode(3, false, 11);
    expect(values(element, 11, 12)).toEqual([90, 90]);
    element.setCount(8, 20);
    expect(values(element, 20, 22)).toEqual([90, 8, 6]);
  });
});
