import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Engine, Exit } from '@ringbench/engine';
import { instructionAddress } from './disassembler.js';
import type { GuestRecipe } from './options.js';
import { fastForward, type Watcher } from './replay.js';
import { exceptionsBetween, Stepper } from './stepper.js';
import { TextSearch } from './text-watch.js';

/** Events that a trace can wait for. */
export const TRIGGER_EVENTS = ['exception', 'interrupt', 'end'] as const;

/** What a trace waits for before it begins. */
export type Trigger =
  | { readonly kind: 'none' }
  /** The processor stands at a linear address for the `hit`th time. */
  | { readonly kind: 'address'; readonly address: number; readonly hit: number }
  /** A text has been printed to the serial line or to port E9h. */
  | { readonly kind: 'text'; readonly text: string }
  /** An instruction that raises an exception; one behind which an interrupt is taken; the end of the guest. */
  | { readonly kind: (typeof TRIGGER_EVENTS)[number] };

export type Search =
  /** Where it happened: instructions that had retired, and the engine if it still stands there. */
  | { readonly kind: 'found'; readonly at: number; readonly engine: Engine | undefined }
  /** Why it did not happen: `budget` at the limit, `paused` if the watcher gave up, or how the guest ended. */
  | { readonly kind: 'missing'; readonly exit: Exit };

export interface SearchOptions {
  readonly recipe: GuestRecipe;
  /** The search begins where so many instructions have retired, and ends at `limit`. */
  readonly from: number;
  readonly limit: number;
  readonly watcher: Watcher;
}

/** Single steps between two turns of the event loop. */
const STEPS = 20_000;
/** Instructions among which an exception is looked for one by one, once the guest is known to have taken one. */
const EXCEPTION_SLICE = 200_000;

/** Runs a guest up to its trigger. */
export async function findTrigger(trigger: Trigger, options: SearchOptions): Promise<Search> {
  switch (trigger.kind) {
    case 'none': return findStart(options);
    case 'text': return findText(trigger.text, options);
    case 'end': return findEnd(options);
    case 'exception': return findException(options);
    case 'interrupt': return findInterrupt(options);
    case 'address': return findAddress(trigger.address, trigger.hit, options);
  }
}

/** A fresh engine at the start of the search. */
async function engineAt(from: number, { recipe, watcher }: SearchOptions): Promise<{ readonly engine: Engine; readonly exit: Exit }> {
  const engine = recipe.make({});
  return { engine, exit: await fastForward(engine, from, [], watcher) };
}

/** An engine that has been run as far as a search begins, or the reason why that is not possible. */
async function findStart(options: SearchOptions): Promise<Search> {
  const { engine, exit } = await engineAt(Math.min(options.from, options.limit), options);
  return exit.kind === 'budget' && engine.retired < options.limit ? { kind: 'found', at: engine.retired, engine } : { kind: 'missing', exit };
}

async function findText(text: string, options: SearchOptions): Promise<Search> {
  const searches = { uart: new TextSearch(text), e9: new TextSearch(text) };
  let found = false;
  const engine = options.recipe.make({
    onConsole: (byte, source) => {
      if (!searches[source].feed(byte) || engine.retired < options.from) return;
      found = true;
      engine.pause();
    },
  });
  const exit = await fastForward(engine, options.limit, [], options.watcher);
  return found ? { kind: 'found', at: engine.retired, engine } : { kind: 'missing', exit };
}

async function findEnd(options: SearchOptions): Promise<Search> {
  const { engine, exit } = await engineAt(options.limit, options);
  return exit.kind === 'budget' || exit.kind === 'paused' ? { kind: 'missing', exit } : { kind: 'found', at: engine.retired, engine: undefined };
}

/** The views say in which few instructions the exception is; a second machine is run to there and finds it step by step. */
async function findException(options: SearchOptions): Promise<Search> {
  const { limit, watcher } = options;
  const { engine, exit: start } = await engineAt(Math.min(options.from, limit), options);
  let exit = start;
  let view = engine.inspect();
  while (exit.kind === 'budget' && engine.retired < limit) {
    const before = engine.retired;
    exit = engine.run(Math.min(EXCEPTION_SLICE, limit - before));
    const after = engine.inspect();
    if (exceptionsBetween(view, after).length > 0) {
      const second = await engineAt(before, options);
      return findStep(second.engine, options, (events) => events.some((event) => event !== 'interrupt'));
    }
    view = after;
    await nextTurn();
    if (!watcher(engine)) exit = { kind: 'paused' };
  }
  return { kind: 'missing', exit };
}

async function findInterrupt(options: SearchOptions): Promise<Search> {
  const start = await findStart(options);
  return start.kind === 'found' && start.engine !== undefined ? findStep(start.engine, options, (events) => events.includes('interrupt')) : start;
}

/** The first step whose events are wanted. The engine has been run past it. */
async function findStep(engine: Engine, { limit, watcher }: SearchOptions, isWanted: (events: readonly string[]) => boolean): Promise<Search> {
  const stepper = new Stepper(engine);
  try {
    for (let count = 1; engine.retired < limit; count++) {
      const { steps, exit } = stepper.step();
      const step = steps.find(({ events }) => isWanted(events));
      if (step !== undefined) return { kind: 'found', at: step.number, engine: undefined };
      if (exit.kind !== 'budget') return { kind: 'missing', exit };
      if (count % STEPS === 0 && !(await goesOn(engine, watcher))) return { kind: 'missing', exit: { kind: 'paused' } };
    }
    return { kind: 'missing', exit: { kind: 'budget' } };
  } finally {
    stepper.free();
  }
}

async function findAddress(address: number, hit: number, options: SearchOptions): Promise<Search> {
  const start = await findStart(options);
  if (start.kind !== 'found' || start.engine === undefined) return start;
  const { engine } = start;
  for (let count = 1, hits = 0; engine.retired < options.limit; count++) {
    if (instructionAddress(engine.inspect().state) === address && ++hits === hit) return { kind: 'found', at: engine.retired, engine };
    const exit = engine.run(1);
    if (exit.kind !== 'budget') return { kind: 'missing', exit };
    if (count % STEPS === 0 && !(await goesOn(engine, options.watcher))) return { kind: 'missing', exit: { kind: 'paused' } };
  }
  return { kind: 'missing', exit: { kind: 'budget' } };
}

async function goesOn(engine: Engine, watcher: Watcher): Promise<boolean> {
  await nextTurn();
  return watcher(engine);
}
