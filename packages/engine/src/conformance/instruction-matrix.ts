import { SENSITIVE_ENTRIES } from '@ringbench/isa';
import type { CoreDefinition, EngineOptions, Exit } from '../engine.js';
import { expectedLog, guestImage } from './guest-image.js';
import { SENSITIVE_CHECKS } from './guests/sensitive.js';
import { consoleWords, runGuest } from './run-guest.js';

/**
 * The matrix of sensitive instructions by technique: each witness of the catalogue is run on a core and judged. This module needs no test runner, so
 * that a command can use it as well as a test.
 */

/**
 * `faithful`: the witness logs what the manual says. `traps`: it does not come to its end, because something that should not trap did. `wrong`: it comes
 * to its end with another log, which is the silent failure that Robin and Irvine describe.
 */
export type InstructionVerdict = 'faithful' | 'traps' | 'wrong';

export interface Judgement {
  readonly verdict: InstructionVerdict;
  /** How the run ended, or the first word of the log that differs; empty if faithful. */
  readonly detail: string;
}

/** A sensitive unprivileged instruction and the program that shows whether a technique is faithful to it. */
export interface Witness {
  /** Number in isa's list, which is Robin and Irvine's. */
  readonly entry: number;
  readonly name: string;
  /** What the program checks. */
  readonly claim: string;
  /** What goes wrong, without a trap, where a guest kernel runs deprivileged. */
  readonly failure: string;
  readonly judge: (core: CoreDefinition, settings?: EngineOptions['settings']) => Judgement;
}

/** Guest instructions: some hundred times what the longest witness needs. */
const BUDGET = 200_000;

/** One for each entry of isa's list, in its order. */
export const WITNESSES: readonly Witness[] = SENSITIVE_ENTRIES.map(({ entry, name, failure }) => {
  const check = SENSITIVE_CHECKS.find((candidate) => candidate.entry === entry);
  if (check === undefined) throw new Error(`sensitive instruction ${entry} has no witness`);
  return { entry, name, claim: check.claim, failure, judge: (core, settings) => judgeLog(core, check, settings) };
});

function judgeLog(core: CoreDefinition, check: (typeof SENSITIVE_CHECKS)[number], settings: EngineOptions['settings']): Judgement {
  const run = runGuest(core, { image: guestImage(check), budget: BUDGET, ...(settings === undefined ? {} : { settings }) });
  if (run.exit.kind !== 'power-off') return { verdict: 'traps', detail: describeEnd(run.exit) };
  const words = consoleWords(run.console);
  const difference = firstDifference(words, expectedLog(check, words));
  return difference === undefined ? { verdict: 'faithful', detail: '' } : { verdict: 'wrong', detail: difference };
}

function describeEnd(exit: Exit): string {
  switch (exit.kind) {
    case 'shutdown': return `triple fault: ${exit.detail}`;
    case 'refused': return `refused: ${exit.reason}`;
    case 'budget': return `no end within ${BUDGET} instructions`;
    default: return exit.kind;
  }
}

const hex = (word: number | undefined): string => (word === undefined ? 'missing' : `${word.toString(16)}h`);

function firstDifference(found: readonly number[], expected: readonly number[]): string | undefined {
  const length = Math.max(found.length, expected.length);
  const index = Array.from({ length }, (_, at) => at).find((at) => found[at] !== expected[at]);
  return index === undefined ? undefined : `logs ${hex(found[index])} instead of ${hex(expected[index])} as word ${index + 1} of ${expected.length}`;
}
