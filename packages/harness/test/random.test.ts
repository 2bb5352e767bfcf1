import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../src/random.js';

describe('SeededRandom', () => {
  it('gives the same sequence for a seed for ever', () => {
    const random = new SeededRandom(1);
    // Written down from the first implementation: a change would silently reorder published runs.
    expect([random.next(), random.next(), random.next()]).toMatchInlineSnapshot(`
      [
        1580013426,
        350525680,
        3524174333,
      ]
    `);
  });

  it('tells apart seeds that differ only above 32 bits', () => {
    expect(new SeededRandom(1).next()).not.toBe(new SeededRandom(2 ** 40 + 1).next());
  });

  it('shuffles without losing or changing the input', () => {
    const items = Array.from({ length: 100 }, (_, index) => index);
    const shuffled = new SeededRandom(7).shuffle(items);
    expect(shuffled).not.toEqual(items);
    expect(shuffled.toSorted((a, b) => a - b)).toEqual(items);
    expect(new SeededRandom(7).shuffle(items)).toEqual(shuffled);
  });

  it('puts every item at every place about equally often', () => {
    const random = new SeededRandom(3);
    const size = 4;
    const rounds = 8000;
    const hits = Array.from({ length: size }, () => Array.from({ length: size }, () => 0));
    for (let round = 0; round < rounds; round++) {
      random.shuffle([0, 1, 2, 3]).forEach((item, place) => {
        const row = hits[item];
        if (row !== undefined) row[place] = (row[place] ?? 0) + 1;
      });
    }
    for (const count of hits.flat()) expect(Math.abs(count - rounds / size)).toBeLessThan(rounds / size / 5);
  });
});
