import { expect, test } from 'vitest';
import { checkSoups, hotSetOfSoup } from './support/soup-properties.js';

/**
 * Byte soup: random bytes and random instructions in every mode. A seeded slice of `node scripts/oracle/soup.mjs`; RINGBENCH_SOUPS runs more of them
 * here, RINGBENCH_SOUP_SEED others.
 */
const RUNS = Number(process.env.RINGBENCH_SOUPS ?? 100);
const SEED = Number(process.env.RINGBENCH_SOUP_SEED ?? 1);
const SCAN_EVERY = 20;
const TIMEOUT = 60_000 + RUNS * 1000;

test('no soup throws, hangs, reaches outside its machine, leaves an impossible state or depends on how it is executed', () => {
  const result = checkSoups(hotSetOfSoup(), { runs: RUNS, seed: SEED, scanEvery: SCAN_EVERY });
  expect(result.failure).toBeUndefined();
  expect(result.instructions).toBeGreaterThan(RUNS * 100);
}, TIMEOUT);
