import { describe, expect, it } from 'vitest';
import { judgeProgram } from '../../scripts/kernel-proofs.mjs';
import { executable, labGuest, labProgram } from '../../scripts/lab-guest.mjs';
import { COUNTED, countOnHost } from '../../scripts/um-counts.mjs';
import { ARRANGEMENTS, STATUS_REFUSED, runOnHost, whyNotOnHost } from '../../scripts/um-native.mjs';

const MEMORY_BYTES = 32 << 20;
const SLOW_MS = 60_000;
/** Of a program's scale: enough to count. */
const PART = 1 / 8;

// The host's own kernel is the machine here: elsewhere there is nothing to run on.
const reason = await whyNotOnHost();
const title = `the lab kernel as a process of this host${reason === undefined ? '' : `, skipped: ${reason}`}`;

const guestOf = (id) => {
  const { bytes, manifest } = labProgram('user', id);
  return { guest: labGuest([`/bin/${id}`, String(manifest.scale.default)], [executable(`bin/${id}`, bytes)]), stdout: manifest.expected.stdout };
};
const refusal = async (words) => {
  const { exit, stdout, stderr } = await runOnHost({ words }, guestOf('sort').guest, { memoryBytes: MEMORY_BYTES });
  expect({ exit, stdout }).toEqual({ exit: { kind: 'power-off', status: STATUS_REFUSED }, stdout: '' });
  return stderr;
};

describe.skipIf(reason !== undefined)(title, () => {
  it.each(Object.keys(ARRANGEMENTS).flatMap((name) => ['fork-exec', 'context-switch-8p-16k', 'fft', 'timer-interrupt-load'].map((id) => [name, id])))(
    'with %s runs %s with the result that it has as a program of the host', async (name, id) => {
      const { guest, stdout } = guestOf(id);
      expect(judgeProgram(await runOnHost({ words: ARRANGEMENTS[name] }, guest, { memoryBytes: MEMORY_BYTES }), stdout)).toBeUndefined();
    });

  // Rounded, since the timer may change who runs first.
  it.each([
    ['skas0', 'signal-deliver', { stops: 2, ptrace: 10 }],
    ['skas0', 'page-touch', { stops: 7, maps: 2, unmaps: 1 }],
    ['skas0', 'cow-page', { stops: 4, maps: 1, unmaps: 1 }],
    ['skas0', 'fork-exec', { stops: 24, maps: 7, unmaps: 1, protects: 2, clones: 2 }],
    ['skas0-no-sysemu', 'signal-deliver', { stops: 4, ptrace: 14 }],
  ])('with %s asks of the host for a unit of %s what docs/user-mode.md says', async (name, id, expected) => {
    expect(COUNTED.map((counted) => counted.id)).toContain(id);
    const counts = await countOnHost({ words: ARRANGEMENTS[name] }, id, PART);
    expect(Object.fromEntries(Object.keys(expected).map((what) => [what, Math.round(counts[what])]))).toEqual(expected);
  }, SLOW_MS);

  it('refuses what it does not know or does not find with one line', async () => {
    expect(await refusal(['nonsense'])).toBe('um: unknown word nonsense\n');
    expect(await refusal(['mem=4G'])).toBe('um: mem=4G: from 1M to 896M\n');
    expect(await refusal(['disk=/none/such'])).toBe('um: /none/such: error 2\n');
    expect(await refusal(['arrangement=skas3'])).toMatch(/^um: this host has no \/proc\/mm \(error 2\), which arrangement=skas3 needs\n$/);
  });
});
