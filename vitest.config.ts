import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['packages/*/test/**/*.test.ts', 'workloads/test/**/*.test.mjs', 'scripts/test/**/*.test.ts'],
    // Two cores: more workers than that only slow the timing-sensitive process tests down.
    maxWorkers: 2,
    testTimeout: 60_000,
  },
});
