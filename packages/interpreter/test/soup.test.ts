import { expect, test } from 'vitest';
import { differencesBetween } from './support/soup-checks.js';
import { SoupMachine } from './support/soup-machine.js';
import type { Soup } from './support/soup-programs.js';
import { checkSoups, hotSetOfSoup } from './support/soup-properties.js';

/**
 * Byte soup: random bytes and random instructions in every mode. A seeded slice of `node scripts/oracle/soup.mjs`; RINGBENCH_SOUPS runs more of them
 * here, RINGBENCH_SOUP_SEED others.
 */
const RUNS = Number(process.env.RINGBENCH_SOUPS ?? 60);
const SEED = Number(process.env.RINGBENCH_SOUP_SEED ?? 1);
const SCAN_EVERY = 20;
const TIMEOUT = 60_000 + RUNS * 1000;

test('no soup throws, hangs, reaches outside its machine, leaves an impossible state or depends on how it is executed', () => {
  const result = checkSoups(hotSetOfSoup(), { runs: RUNS, seed: SEED, scanEvery: SCAN_EVERY });
  expect(result.failure).toBeUndefined();
  expect(result.instructions).toBeGreaterThan(RUNS * 100);
}, TIMEOUT);

test('a double fault pushes RF as the last instruction left it, also long after RF was loaded', () => {
  const soup: Soup = { mode: 'segmented32-user', pieces: [{ bytes: Uint8Array.of(0x0f, 0x41, 0x00, 0xf0, 0x82, 0x38) }], registers: [0, 0, 0, 0, 0, 0, 0, 0xffff], flags: 0, seed: -7, handlersAreSoup: false, slices: [1] };
  const [whole, sliced] = [[2000], soup.slices].map((slices) => {
    const machine = new SoupMachine({ operations: [], pairs: [] });
    machine.load(soup);
    return { machine, result: machine.run(2000, slices) };
  });
  expect(differencesBetween(whole.machine, sliced.machine, whole.result, sliced.result)).toEqual([]);
});
