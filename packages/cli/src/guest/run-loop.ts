import { Flag, Word } from '@ringbench/isa';
import type { Engine, Exit } from '@ringbench/engine';
import type { GuestConsole } from './console.js';
import type { Pacer } from './pacer.js';
import { PANIC_REPORT_INSTRUCTIONS } from './panics.js';
import type { Outcome } from './outcome.js';
import { readOn, type TerminalInput } from './terminal-input.js';

export interface Session {
  readonly engine: Engine;
  readonly console: GuestConsole;
  readonly input: TerminalInput;
  readonly pacer: Pacer;
  /** Instructions after which the run ends. */
  readonly limit: number;
  /** Whether a person sits there, for whom a guest that halted may wait. */
  readonly isInteractive: boolean;
}

/** Runs a guest to the end of its session. */
export async function runSession(session: Session): Promise<Outcome> {
  const { engine, console, input, pacer, limit } = session;
  let panicEnd: number | undefined;
  // Input is given where a slice ended, never where the run was paused: only the former is a place that a repeated run comes past in the same state.
  let takesInput = true;
  for (;;) {
    if (takesInput) input.feed(engine);
    readOn(input);
    const end = Math.min(limit, panicEnd ?? limit);
    const exit = engine.run(Math.min(pacer.slice(input.isWaiting), end - engine.retired));
    console.look(engine);
    if (console.found) return { kind: 'until' };
    const { panic } = console;
    if (panic !== undefined) {
      panicEnd ??= engine.retired + PANIC_REPORT_INSTRUCTIONS;
      if (panic.isComplete || engine.retired >= Math.min(panicEnd, limit) || isEnd(exit)) return { kind: 'panic', message: panic.message ?? '' };
    }
    takesInput = exit.kind !== 'paused';
    if (exit.kind === 'halted' && waitsForKeys(session)) await input.wait(Infinity);
    else if (exit.kind !== 'budget' && exit.kind !== 'paused') return exit;
    else if (engine.retired >= limit) return { kind: 'budget' };
    else await pacer.rest(engine);
    if (input.leaving !== undefined) return { kind: 'left', ...input.leaving };
  }
}

const isEnd = (exit: Exit): boolean => exit.kind !== 'budget' && exit.kind !== 'paused';

/** A guest that sleeps with interrupts on and without a timer may be waiting for a key: with a terminal, so do we. */
function waitsForKeys({ engine, isInteractive }: Session): boolean {
  return isInteractive && (engine.inspect().state[Word.FLAG_SYSTEM] & Flag.IF) !== 0;
}
