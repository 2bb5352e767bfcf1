import { IRET_ENTRY, SENSITIVE_ENTRIES } from '@ringbench/isa';
import { describe, expect } from 'vitest';
import { FINGERPRINTS } from './fingerprints.js';
import type { GuestCheck } from './guest-check.js';
import { expectedLog, guestImage } from './guest-image.js';
import { GUEST_CHECKS } from './guests/index.js';
import { SENSITIVE_CHECKS } from './guests/sensitive.js';
import { Random } from './random.js';
import { consoleWords, runGuest, summarize, type GuestRun } from './run-guest.js';
import type { Subject } from './subject.js';

const LONGEST_SLICE = 40;
const POWER_OFF = { kind: 'power-off', status: 0 } as const;
const hex = (words: readonly number[]): readonly string[] => words.map((word) => (word >>> 0).toString(16));

/** Every guest of the catalogue: its log, its end state against the reference, and the same again in slices. */
export function guestChecks(subject: Subject): void {
  describe('guests', () => {
    for (const check of GUEST_CHECKS) subject.check(check.name, () => checkGuest(subject, check));
    subject.check('guests: every sensitive unprivileged instruction and IRET has a witness', () => {
      expect(SENSITIVE_CHECKS.map(({ entry }) => entry).toSorted((a, b) => a - b)).toEqual(SENSITIVE_ENTRIES.map(({ entry }) => entry));
      expect(SENSITIVE_ENTRIES.map(({ entry }) => entry)).toContain(IRET_ENTRY);
    });
  });
}

function checkGuest(subject: Subject, check: GuestCheck): void {
  const image = guestImage(check);
  const request = { image, ...(check.memoryBytes === undefined ? {} : { memoryBytes: check.memoryBytes }) };
  const whole = subject.run(request);
  const words = consoleWords(whole.console);
  const deviation = subject.deviation(check.name);
  expect(hex(words), check.manual).toEqual(hex(deviation?.log ?? expectedLog(check, words)));
  expect(whole.exit).toEqual(POWER_OFF);
  const random = new Random(check.name.length);
  const sliced = subject.run({ ...request, slices: () => 1 + random.below(LONGEST_SLICE) });
  expect(observable(sliced), 'the same guest in slices').toEqual(observable(whole));
  if (deviation !== undefined) return;
  const { reference } = subject.options;
  const expected = reference === undefined ? FINGERPRINTS[check.name] : summarize(runGuest(reference, request));
  expect(summarize(whole), 'instructions retired, digest of registers, digest of memory').toBe(expected);
}

/** All that a run shows but host time; counts as text, so that their order counts too. */
export function observable(run: GuestRun): object {
  return { exit: run.exit, console: hex(consoleWords(run.console)), summary: summarize(run), counts: JSON.stringify(run.counts), region: JSON.stringify(run.region?.counts) };
}
