import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Engine, Exit } from '@ringbench/engine';
import { offer, type TypedInput } from './input-log.js';

/** Guest instructions between two turns of the event loop: a few hundredths of a second. */
export const SLICE = 5_000_000;

/** Told about the progress of a long run; false to give it up. */
export type Watcher = (engine: Engine) => boolean;

/**
 * Runs a fresh engine to where `target` instructions have retired, typing what was typed in the run that is repeated. Gives the exit that ended it: `budget`
 * if it got there, `paused` if the watcher gave it up.
 */
export async function fastForward(engine: Engine, target: number, typed: readonly TypedInput[], watcher: Watcher): Promise<Exit> {
  for (const { at, what } of typed) {
    if (at > target) break;
    const exit = await runTo(engine, at, watcher);
    // A guest that halted for good goes on when something is typed.
    if (exit.kind !== 'budget' && exit.kind !== 'halted') return exit;
    requireOffer(engine, what);
  }
  return runTo(engine, target, watcher);
}

/** Types what the first run took. A machine that does not take it now is not the same: a bug of ours. */
export function requireOffer(engine: Engine, what: number | string): void {
  if (!offer(engine, what)) throw new Error(`a repeated run does not take at instruction ${engine.retired} what the first one took`);
}

async function runTo(engine: Engine, target: number, watcher: Watcher): Promise<Exit> {
  while (engine.retired < target) {
    const exit = engine.run(Math.min(SLICE, target - engine.retired));
    if (exit.kind !== 'budget') return exit;
    await nextTurn();
    if (!watcher(engine)) return { kind: 'paused' };
  }
  return { kind: 'budget' };
}
