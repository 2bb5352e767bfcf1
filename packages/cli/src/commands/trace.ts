import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Engine, Exit } from '@ringbench/engine';
import { InputProblem } from '@ringbench/harness/problem';
import type { Arguments, Context } from '../context.js';
import { ExitCode } from '../exit-codes.js';
import { instructionAddress } from '../guest/disassembler.js';
import { describeOutcome } from '../guest/outcome.js';
import { guestRecipe, limitOption, MOST_INSTRUCTIONS, type GuestRecipe } from '../guest/options.js';
import { fastForward, type Watcher } from '../guest/replay.js';
import { reportProgress } from '../guest/run-progress.js';
import { stepLine, stepRecord } from '../guest/step-line.js';
import { Stepper, type Step } from '../guest/stepper.js';
import { findTrigger, TRIGGER_EVENTS, type Trigger } from '../guest/trigger.js';
import { addressOption, choiceOption, integerOption, textOption } from '../options.js';
import type { Output } from '../output.js';
import { catchSignals } from '../signals.js';
import { formatCount } from '../counts.js';

const DEFAULT_COUNT = 100;
/** The end itself is nothing to see: what led there is. */
const DEFAULT_BEFORE_END = 16;
const LAST_ADDRESS = 0xffffffff;
/** Steps whose lines are written together. */
const STEPS_AT_ONCE = 500;

interface TraceOptions {
  readonly trigger: Trigger;
  readonly from: number;
  readonly count: number;
  readonly before: number;
  /** Linear address behind whose instruction the trace ends. */
  readonly untilAddress: number | undefined;
  readonly limit: number;
}

function triggerOf(given: Arguments): Trigger {
  const address = addressOption(given['at'], '--at', 0, LAST_ADDRESS);
  const hit = integerOption(given['hit'], '--hit', 1, MOST_INSTRUCTIONS);
  const text = textOption(given['after'], '--after');
  const event = choiceOption(given['on'], 'event', '--on', TRIGGER_EVENTS);
  const named = [address === undefined ? [] : ['--at'], text === undefined ? [] : ['--after'], event === undefined ? [] : ['--on']].flat();
  if (named.length > 1) throw new InputProblem(`${named.join(' and ')} each say where the trace begins`, 'give one of them');
  if (hit !== undefined && address === undefined) throw new InputProblem('--hit goes with --at only', 'leave it out');
  if (address !== undefined) return { kind: 'address', address, hit: hit ?? 1 };
  if (text !== undefined) return { kind: 'text', text };
  return { kind: event ?? 'none' };
}

function traceOptions(given: Arguments): TraceOptions {
  const trigger = triggerOf(given);
  const before = integerOption(given['before'], '--before', 0, MOST_INSTRUCTIONS);
  if (before !== undefined && trigger.kind === 'none') throw new InputProblem('--before goes with --at, --after and --on only', 'give a smaller --from');
  return {
    trigger, before: before ?? (trigger.kind === 'end' ? DEFAULT_BEFORE_END : 0), limit: limitOption(given),
    from: integerOption(given['from'], '--from', 0, MOST_INSTRUCTIONS) ?? 0,
    count: integerOption(given['count'], '--count', 1, MOST_INSTRUCTIONS) ?? DEFAULT_COUNT,
    untilAddress: addressOption(given['until-address'], '--until-address', 0, LAST_ADDRESS),
  };
}

/** Why a trace ended: all that was asked for has been shown, or how the guest ended; `paused` if somebody wanted to leave. */
type End = { readonly kind: 'traced' } | Exit;

/** Brings an engine to where the trace begins. */
async function begin(recipe: GuestRecipe, options: TraceOptions, watcher: Watcher): Promise<{ readonly engine: Engine } | { readonly missing: Exit }> {
  const search = await findTrigger(options.trigger, { recipe, from: options.from, limit: options.limit, watcher });
  if (search.kind === 'missing') return { missing: search.exit };
  const start = Math.max(0, search.at - options.before);
  if (search.engine !== undefined && start === search.at) return { engine: search.engine };
  const engine = recipe.make({});
  const exit = await fastForward(engine, start, [], watcher);
  return exit.kind === 'budget' ? { engine } : { missing: exit };
}

async function writeSteps(engine: Engine, options: TraceOptions, lineOf: (step: Step) => string, watcher: Watcher): Promise<End> {
  const end = Math.min(engine.retired + options.count + options.before, options.limit);
  const stepper = new Stepper(engine);
  let lines: string[] = [];
  const flush = (): void => {
    if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`);
    lines = [];
  };
  try {
    for (;;) {
      if (engine.retired >= end) return engine.retired >= options.limit ? { kind: 'budget' } : { kind: 'traced' };
      const isLast = instructionAddress(stepper.state) === options.untilAddress;
      const { steps, exit } = stepper.step();
      for (const step of steps) lines.push(lineOf(step));
      if (exit.kind !== 'budget') return exit;
      if (isLast) return { kind: 'traced' };
      if (lines.length < STEPS_AT_ONCE) continue;
      flush();
      await nextTurn();
      if (!watcher(engine)) return { kind: 'paused' };
    }
  } finally {
    flush();
    stepper.free();
  }
}

function codeOfEnd(end: End): ExitCode {
  switch (end.kind) {
    case 'shutdown': case 'refused': return ExitCode.violations;
    case 'budget': return ExitCode.budget;
    default: return ExitCode.ok;
  }
}

/** A trace of nothing: the guest never came to where it was to begin. */
function sayMissing(output: Output, exit: Exit): ExitCode {
  output.warn(`ringbench: nothing to trace: ${exit.kind === 'budget' ? 'the instructions of --max-instructions are spent' : describeOutcome(exit)}`);
  return exit.kind === 'budget' ? ExitCode.budget : ExitCode.violations;
}

/** `ringbench trace`: what a guest executes, instruction by instruction, and what each changes. */
export async function trace(context: Context, given: Arguments): Promise<ExitCode> {
  const { output } = context;
  const options = traceOptions(given);
  const recipe = await guestRecipe(context, given);
  const signals = catchSignals();
  const wanted = (): boolean => !signals.signal.aborted;
  try {
    const watcher = reportProgress(output, 'looking for the beginning', options.limit === MOST_INSTRUCTIONS ? undefined : options.limit, wanted);
    const begun = await begin(recipe, options, watcher);
    if (!wanted()) return signals.code();
    if ('missing' in begun) return sayMissing(output, begun.missing);
    const { engine } = begun;
    const lineOf = output.json ? (step: Step): string => JSON.stringify(stepRecord(step)) : stepLine;
    const end = await writeSteps(engine, options, lineOf, wanted);
    if (!wanted()) return signals.code();
    const how = end.kind === 'traced' || end.kind === 'paused' ? 'traced' : describeOutcome(end);
    output.say(`ringbench: ${how}; at instruction ${formatCount(engine.retired)} on ${recipe.core}`);
    return codeOfEnd(end);
  } finally {
    signals.release();
  }
}
