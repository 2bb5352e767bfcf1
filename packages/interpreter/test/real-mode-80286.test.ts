import { describe, expect, test } from 'vitest';
import { isSameInProtectedMode, judge } from './support/differences-80286.js';
import { RealModeMachine, type Mode, type Recording } from './support/real-mode-machine.js';
import { findRecordings, readRecordingLines, sliceLines } from './support/recordings-80286.js';

/**
 * 16-bit code against a real 80286: a slice of the recordings that `node scripts/oracle/real-80286.mjs` replays whole. They are not part of the
 * repository; without them this file is skipped, and real-mode.test.ts still covers what they found.
 */
const found = findRecordings();
const SLICE = 3000;
const SEED = 286;
const SHOWN = 5;

function unexplained(machine: RealModeMachine, recordings: readonly Recording[], mode: Mode): string[] {
  const different = recordings.flatMap((recording) => {
    const verdict = judge(machine, recording, mode);
    return verdict.kind === 'different' ? [`${recording.name} (${recording.bytes}): ${verdict.differences.join('; ')}`] : [];
  });
  return different.slice(0, SHOWN);
}

if ('missing' in found) {
  // The recordings are not the project's to ship; what is missing, and how to name it, is in the test's name.
  test.skip(`as recorded on an 80286: ${found.missing}`, () => {});
} else {
  describe('as recorded on an 80286', () => {
    const recordings = sliceLines(readRecordingLines(found.path), SLICE, SEED);
    const machine = new RealModeMachine();

    test('in real mode', () => {
      expect(recordings.length).toBeGreaterThanOrEqual(SLICE);
      expect(unexplained(machine, recordings, 'real')).toEqual([]);
    });

    test('in 16-bit protected mode', () => {
      const same = recordings.filter(isSameInProtectedMode);
      expect(same.length).toBeGreaterThan(SLICE / 2);
      expect(unexplained(machine, same, 'protected')).toEqual([]);
    });
  });
}
