import { describe, expect, test } from 'vitest';
import { missingCoverage, type Counts } from './support/lockstep-coverage.js';
import { checkLockstep } from './support/lockstep.js';

/** A seeded slice of `node scripts/oracle/translator.mjs`: generated programs in lock step with the interpreter, most of them with checks that fail though they hold. */
const SEED = 386;

describe('generated programs', () => {
  test.each([
    ['as they are', 120_000, SEED, {}],
    ['in small regions', 40_000, SEED + 100, { mostInstructions: 12 }],
  ] as const)('nothing that a guest or a count shows differs: %s', (_, instructions, seed, options) => {
    const result = checkLockstep({ instructions, seed, options });
    expect(result.failure).toBeUndefined();
    expect(result.regions).toBeGreaterThan(0);
    // Programs that translate nothing prove nothing.
    expect(result.coverage['instructions: in regions']).toBeGreaterThan(instructions / 4);
    expect(result.coverage['forced checks: reached and failed']).toBeGreaterThan(instructions / 1000);
  });
});

test('what was exercised too little is named', () => {
  const enough: Counts = Object.fromEntries(missingCoverage({}).map((line) => [line.slice(0, line.lastIndexOf(': ')), Number.MAX_SAFE_INTEGER]));
  expect(Object.keys(enough).length).toBeGreaterThan(0);
  expect(missingCoverage(enough)).toEqual([]);
  const [name] = Object.keys(enough);
  expect(missingCoverage({ ...enough, [name]: 0 })).toHaveLength(1);
});
