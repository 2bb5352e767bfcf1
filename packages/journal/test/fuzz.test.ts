import { describe, expect, it } from 'vitest';
import { parseJournal } from '../src/index.js';
import { HEADER, journalText, observation } from './fixtures.js';

const SEED = 386;
const ROUNDS = 3000;

/** A linear congruential generator (Numerical Recipes) is random enough to damage text. */
function generator(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

const FRAGMENTS = ['\n', '"', '{', '}', '[', ',', ':', '1e999', '-1', 'null', '\u0000', '\ud800', '\\', '"type":"run"', '__proto__', '\r', '0'];

describe('a damaged journal', () => {
  it('loses at most the two lines that damage touched', () => {
    const below = generator(SEED);
    const cells = [0, 1, 2, 3, 4].map(observation);
    const written = new Set(cells.map((cell) => JSON.stringify(cell)));
    const whole = journalText(HEADER, ...cells);
    const header = journalText(HEADER).length;
    let damaged = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const at = header + below(whole.length - header);
      const text = whole.slice(0, at) + (FRAGMENTS[below(FRAGMENTS.length)] ?? '') + whole.slice(at + below(4));
      const journal = parseJournal(text);
      if (!journal.ok) throw new Error(`round ${round}: ${journal.problem}`);
      const kept = journal.observations.filter((cell) => written.has(JSON.stringify(cell)));
      damaged += cells.length - kept.length;
      expect(kept.length).toBeGreaterThanOrEqual(cells.length - 2);
      expect(journal.observations.length).toBeLessThanOrEqual(cells.length);
    }
    expect(damaged).toBeGreaterThan(0);
  });

  it('is read without throwing wherever it is damaged', () => {
    const below = generator(SEED);
    const whole = journalText(HEADER, observation(0));
    for (let round = 0; round < ROUNDS; round++) {
      const bytes = whole.split('');
      for (let hit = 0; hit < 3; hit++) bytes[below(bytes.length)] = FRAGMENTS[below(FRAGMENTS.length)] ?? '';
      expect(() => parseJournal(bytes.join(''))).not.toThrow();
    }
  });

  it('survives every truncation', () => {
    const whole = journalText(HEADER, observation(0), observation(1));
    const header = journalText(HEADER).length;
    for (let length = 0; length <= whole.length; length++) {
      const journal = parseJournal(whole.slice(0, length));
      expect(journal.ok).toBe(length >= header - 1);
    }
  });
});
