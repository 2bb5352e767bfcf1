import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runProgram } from './support/host.js';

const FOLDER = join(import.meta.dirname, 'programs');
/** Recorded on Linux by programs/build.mjs. */
const NAMES = ['memory', 'signals', 'processes', 'files', 'tracing'] as const;
const CODE_SHIFT = 8;

const programOf = (name: string): string => join(FOLDER, `${name}.elf`);
const recorded = (name: string): string => readFileSync(join(FOLDER, `${name}.txt`), 'latin1');

/** What a program prints on the Linux under this test, or undefined where there is none that runs it. */
function onLinux(name: string): string | undefined {
  if (process.platform !== 'linux') return undefined;
  const { stdout, status, error } = spawnSync(programOf(name), { encoding: 'latin1', timeout: 10_000 });
  return error === undefined ? `${stdout}status ${status}\n` : undefined;
}

describe('what programs print in the model of a host is what they print on Linux', () => {
  it.each(NAMES)('%s', (name) => {
    const { output, status, stop } = runProgram(readFileSync(programOf(name)));
    expect(`${output}status ${status >> CODE_SHIFT}\n`).toBe(recorded(name));
    expect(stop).toBe('ended');
  });
});

describe('what was recorded holds on the Linux here', () => {
  // Another system, or one without 32-bit programs, cannot say.
  const runsHere = onLinux('memory') !== undefined;
  it.skipIf(!runsHere).each(NAMES)('%s', (name) => expect(onLinux(name)).toBe(recorded(name)));
});
