import { ExitCode } from '../exit-codes.js';
import type { Exit } from '@ringbench/engine';
import { hex } from './registers.js';
import type { Leaving } from './terminal-input.js';

/** Why a booted guest's run is over. */
export type Outcome =
  | Exclude<Exit, { readonly kind: 'paused' }>
  /** The text of `--until` was seen. */
  | { readonly kind: 'until' }
  /** The kernel said that it gave up. */
  | { readonly kind: 'panic'; readonly message: string }
  /** Somebody wanted to leave. */
  | ({ readonly kind: 'left' } & Leaving);

/** 0 if the guest ended well or did what was waited for, 1 if it failed, 3 if its instructions are spent. */
export function codeOf(outcome: Outcome): ExitCode {
  switch (outcome.kind) {
    case 'until': case 'halted': case 'power-off': case 'reset': return ExitCode.ok;
    case 'shutdown': case 'refused': case 'panic': return ExitCode.violations;
    case 'budget': return ExitCode.budget;
    case 'left': return outcome.code;
  }
}

/** The outcome for people. */
export function describeOutcome(outcome: Outcome | Exit): string {
  switch (outcome.kind) {
    case 'power-off': return `the guest powered off with status ${outcome.status}`;
    case 'shutdown': return `the guest's processor shut down at ${hex(outcome.eip)}: ${outcome.detail}`;
    case 'refused': return outcome.reason;
    case 'panic': return `the guest's kernel panicked: ${outcome.message}`;
    case 'halted': return 'the guest halted for good';
    case 'reset': return 'the guest reset the machine';
    case 'budget': return 'the instructions of --max-instructions are spent';
    case 'until': return 'the text of --until was seen';
    case 'paused': return 'stopped';
    case 'left': return `left by ${outcome.how}`;
  }
}
