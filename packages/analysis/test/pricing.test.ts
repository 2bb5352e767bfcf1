import { describe, expect, it } from 'vitest';
import { cyclesOf, demandOf, isInterpreted, price, pricesAt, validate } from '../src/index.js';
import { publishedProfile } from './support/synthetic-run.js';

const pentium4 = publishedProfile('pentium4');

describe('price', () => {
  it('is counts times prices, the most expensive part first', () => {
    const priced = price({ retired: 500, direct: 500, 'exception.14': 2, 'exception.13': 1, 'executed.iret': 3 }, pentium4, 'default');
    expect(priced.parts).toEqual([
      { event: 'exception.14', cost: 'exception.*', count: 2, cycles: 2000 },
      { event: 'exception.13', cost: 'exception.*', count: 1, cycles: 1000 },
      { event: 'direct', cost: 'direct', count: 500, cycles: 500 },
    ]);
    expect(priced.cycles).toBe(3500);
    expect(priced.unpriced).toEqual([]);
  });

  it('takes the level it is asked for', () => {
    const counts = { direct: 10, 'v386.exit.io': 1, 'v386.entry': 1 };
    expect(['low', 'default', 'high'].map((level) => price(counts, pentium4, level as 'low').cycles)).toEqual([765, 2510, 4020]);
  });

  it('names events that the profile does not know', () => {
    expect(price({ direct: 1, mystery: 4, absent: 0 }, pentium4, 'default').unpriced).toEqual(['mystery']);
  });

  it('does not let instructions of an unsaid kind look free', () => {
    expect(price({ retired: 100 }, pentium4, 'default')).toEqual({ cycles: 0, parts: [], unpriced: ['retired'] });
  });

  it('holds traps of a processor made of software to be inside its mean cost per instruction', () => {
    const counts = { retired: 100, emulated: 100, 'emulated.exception.14': 5, 'emulated.walk.reads': 40, 'emulated.port.read': 1 };
    expect(isInterpreted(counts)).toBe(true);
    const priced = price(counts, pentium4, 'default');
    expect(priced.cycles).toBe(100 * 250 + 620);
    expect(priced.unpriced).toEqual([]);
  });

  it('prices silicon as silicon where only some instructions were interpreted', () => {
    expect(price({ direct: 1, emulated: 1, 'exception.14': 1 }, pentium4, 'default').cycles).toBe(1251);
  });

  it('agrees with the reduced demand', () => {
    const counts = { direct: 10, 'exception.14': 2, 'exception.13': 1, 'walk.reads': 7 };
    expect(cyclesOf(demandOf(counts, pentium4), pricesAt(pentium4, 'high'))).toBe(price(counts, pentium4, 'high').cycles);
    expect(demandOf(counts, pentium4).get('exception.*')).toBe(3);
  });
});

describe('validate', () => {
  it('reports the error against figures that set no price', () => {
    const [denali] = validate(pentium4);
    expect(denali?.modelled.default).toBe(1620);
    expect(denali?.error).toBeCloseTo(1620 / 2064.5 - 1, 10);
  });
});
