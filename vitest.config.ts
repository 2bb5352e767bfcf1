import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['packages/*/test/**/*.test.ts', 'workloads/test/**/*.test.mjs', 'scripts/test/**/*.test.ts'],
    // Two cores: more workers than that only slow the timing-sensitive process tests down.
    maxWorkers: 2,
    // Files share their worker's modules, as programs share a process's: nothing that the packages keep between two machines may show. Saves a process, the
    // imports, and the recording of all semantics for each of 150 files.
    isolate: false,
    testTimeout: 60_000,
  },
});
