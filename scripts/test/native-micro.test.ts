import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../native-micro.mjs', import.meta.url));
const run = (...words: string[]) => spawnSync(process.execPath, [SCRIPT, ...words], { encoding: 'utf8' });

interface Timing { id: string; scale?: number; median?: number; least?: number; most?: number; reason?: string }

describe('native-micro', () => {
  test('times a program, or says why this host cannot', ({ skip }) => {
    const { status, stdout } = run('--json', '--rounds', '3', '--milliseconds', '20', 'memcpy');
    const { unit, results } = JSON.parse(stdout) as { unit: string; results: Timing[] };
    expect(status).toBe(0);
    expect(unit).toBe('ns');
    const [{ id, scale, median, least, most, reason }] = results as [Timing];
    if (reason !== undefined) skip(reason);
    expect(id).toBe('memcpy');
    expect(scale).toBeGreaterThan(1);
    expect(least).toBeGreaterThan(0);
    expect(median).toBeGreaterThanOrEqual(least ?? NaN);
    expect(most).toBeGreaterThanOrEqual(median ?? NaN);
  });
  test('does not time a disk that is not the guest\'s', () => {
    const { status, stdout } = run('disk-read-4k');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^disk-read-4k +skipped: the host's disk/m);
  });
  test.each([[['nosuch']], [['--rounds', '0']], [['--milliseconds', 'x']], [['sort']], [['--nosuch']]])('refuses %j with one line', (words) => {
    const { status, stdout, stderr } = run(...words);
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^native-micro: [^\n]+\n$/);
  });
});
