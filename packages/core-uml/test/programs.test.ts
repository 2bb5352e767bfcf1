import { describe, expect, it } from 'vitest';
import { manifestOf, runProgram, type Settings } from './support/run.js';

/** One for each part of the port; `node scripts/prove-kernel.mjs --core native,uml` runs them all. */
const PROGRAMS = ['context-switch-8p-16k', 'disk-read-4k', 'fork-exec', 'timer-interrupt-load', 'fft'];
const OTHERS: readonly Settings[] = [{ sysemu: 'off' }, { arrangement: 'skas3' }, { arrangement: 'tt' }];
const OF_EACH = ['fork-exec', 'disk-read-4k'];

function expectAsOnLinux(id: string, settings: Settings = {}): void {
  const { exit, output } = runProgram(id, { settings });
  expect({ exit, output }).toEqual({ exit: { kind: 'power-off', status: 0 }, output: manifestOf(id).expected.stdout });
}

describe('user programs on the port of the lab kernel', () => {
  it.each(PROGRAMS)('%s prints what it prints on Linux', (id) => expectAsOnLinux(id));
  it.each(OTHERS)('and so with %o', (settings) => {
    for (const id of OF_EACH) expectAsOnLinux(id, settings);
  });
  it('do the same in each run', () => {
    const [one, other] = [runProgram('fork-exit', { scale: 3 }), runProgram('fork-exit', { scale: 3 })];
    expect(one).toEqual(other);
  });
  it('and in a run that is cut in pieces', () => {
    const [one, other] = [runProgram('context-switch-2p-0k', { scale: 30 }), runProgram('context-switch-2p-0k', { scale: 30, step: 10_007 })];
    const seen = ({ exit, output, retired, fingerprint, counts }: typeof one): unknown => [exit, output, retired, fingerprint, counts['host.switch'], counts['host.stop'], counts['host.call']];
    expect(seen(other)).toEqual(seen(one));
  });
});
