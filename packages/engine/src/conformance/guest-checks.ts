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
const TWICE_EVERY = 4;
const POWER_OFF = { kind: 'power-off', status: 0 } as const;
const hex = (words: readonly number[]): readonly string[] => words.map((word) => (word >>> 0).toString(16));

/** Every guest of the catalogue: its log, its end state against the reference, and whether it is the same in slices. */
export function guestChecks(subject: Subject): void {
  describe('guests', () => {
    GUEST_CHECKS.forEach((check, number) => subject.check(check.name, () => checkGuest(subject, check, number)));
    subject.check('guests: every sensitive unprivileged instruction and IRET has a witness', () => {
      expect(SENSITIVE_CHECKS.map(({ entry }) => entry).toSorted((a, b) => a - b)).toEqual(SENSITIVE_ENTRIES.map(({ entry }) => entry));
      expect(SENSITIVE_ENTRIES.map(({ entry }) => entry)).toContain(IRET_ENTRY);
    });
  });
}

/** How the guest with this number in the catalogue runs: its outcome is known, so that either way says whether it was met; both say also that counts agree. */
function waysOf(subject: Subject, number: number): readonly ('whole' | 'sliced')[] {
  if (subject.options.thorough === true || number % TWICE_EVERY === 0) return ['whole', 'sliced'];
  return number % 2 === 0 ? ['whole'] : ['sliced'];
}

function checkGuest(subject: Subject, check: GuestCheck, number: number): void {
  const request = { image: guestImage(check), ...(check.memoryBytes === undefined ? {} : { memoryBytes: check.memoryBytes }) };
  const random = new Random(check.name.length);
  const runs = waysOf(subject, number).map((way) => subject.run(way === 'whole' ? request : { ...request, slices: () => 1 + random.below(LONGEST_SLICE) }));
  const [first, second] = runs;
  const words = consoleWords(first.console);
  const deviation = subject.deviation(check.name);
  expect(hex(words), check.manual).toEqual(hex(deviation?.log ?? expectedLog(check, words)));
  expect(first.exit).toEqual(POWER_OFF);
  if (second !== undefined) expect(observable(second), 'the same guest in slices').toEqual(observable(first));
  if (deviation !== undefined) return;
  const { reference } = subject.options;
  const expected = reference === undefined ? FINGERPRINTS[check.name] : summarize(runGuest(reference, request));
  expect(summarize(first), 'instructions retired, digest of registers, digest of memory').toBe(expected);
}

/** All that a run shows but host time; counts as text, so that their order counts too. */
export function observable(run: GuestRun): object {
  return { exit: run.exit, console: hex(consoleWords(run.console)), summary: summarize(run), counts: JSON.stringify(run.counts), region: JSON.stringify(run.region?.counts) };
}
