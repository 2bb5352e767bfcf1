import { expect, test } from 'vitest';
import { checkLockstep } from './support/lockstep.js';

/**
 * A seeded slice of `node scripts/oracle/translator.mjs`: generated programs in lock step with the interpreter, also with checks that always fail, so that
 * their sites are left at each time.
 */
const SEED = 386;

test.each([
  ['as it is', 250_000, {}],
  ['every check fails', 60_000, { failsAlways: () => true }],
  ['one check of three fails', 60_000, { failsAlways: (check: number) => check % 3 === 0 }],
  ['small regions', 60_000, { mostInstructions: 12 }],
] as const)('nothing that a guest or a count shows differs: %s', (_, instructions, options) => {
  const result = checkLockstep({ instructions, seed: SEED, options });
  expect(result.failure).toBeUndefined();
  expect(result.regions).toBeGreaterThan(0);
});
