import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { PERFORMANCE, writtenPerformance } from '../write-performance.mjs';

const text = readFileSync(PERFORMANCE, 'utf8');

test('docs/performance.md has the published measurements: node scripts/write-performance.mjs writes them', () => {
  expect(writtenPerformance(text)).toBe(text);
});

test('its tables come from the measurements, and one that was not measured says so', () => {
  const peers = ['translator'];
  const bench = {
    rounds: 3, seed: 9, clock: 'wall', factor: 1, machine: { processors: 2, guestMemoryMiB: 64 }, versions: { node: 'v1' }, skipped: { qemu: 'no qemu' }, peers,
    kernels: [{ id: 'coremark-like', letter: 'a' }], ratios: {}, start: { translator: {} }, targets: [],
    cells: { warm: { 'coremark-like': { translator: { mips: 1234, instructions: 1e9, isBound: false, perUnit: { median: 1, least: 1, most: 1.5 } } } } },
  };
  const written = writtenPerformance('<!-- begin conditions -->\n<!-- end -->\n<!-- begin warm -->\nold\n<!-- end -->\n<!-- begin debian -->\n<!-- end -->\n', { bench, debian: undefined });
  expect(written).toContain('3 rounds, seed 9, wall-clock time; 2 processors, guest memory 64 MiB; node v1; qemu left out: no qemu.');
  expect(written).toContain('| a coremark-like | MIPS | 1234 (0..+50 %) |');
  expect(written).toContain('<!-- begin debian -->\n\nNot measured.\n\n<!-- end -->');
  expect(written).not.toContain('old');
});
