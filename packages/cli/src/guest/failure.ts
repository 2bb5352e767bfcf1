import { composeFlags, Register, Word } from '@ringbench/isa';
import type { Engine } from '@ringbench/engine';
import type { InputLog } from './input-log.js';
import type { GuestRecipe } from './options.js';
import { flagLetters, registerLines, registerTexts } from './registers.js';
import { fastForward, requireOffer, type Watcher } from './replay.js';
import { stepLine, stepRecord, type StepRecord } from './step-line.js';
import type { Step } from './stepper.js';

/** How many of the last instructions a failure report shows. */
const LAST_INSTRUCTIONS = 16;

/** What is known of a guest that failed. */
export interface Failure {
  readonly state: Int32Array;
  /** The last instructions; undefined if the run was not repeated for them. */
  readonly steps: readonly Step[] | undefined;
}

export interface FailureRecord {
  readonly registers: Readonly<Record<string, string>>;
  readonly flags: string;
  readonly instructions: readonly StepRecord[] | null;
}

/**
 * The last instructions of a run, found by repeating it: a fresh machine is run, at full speed, to shortly before the end, with everything typed again at the
 * same instructions, and executes the rest one by one. So a guest pays nothing for the report while it runs. Undefined if the watcher gave it up.
 */
export async function lastInstructions(recipe: GuestRecipe, ended: Engine, log: InputLog, watcher: Watcher): Promise<readonly Step[] | undefined> {
  const end = ended.retired;
  const start = Math.max(0, end - LAST_INSTRUCTIONS);
  const engine = recipe.make({});
  const { kind } = await fastForward(engine, start, log.typed, watcher);
  if (kind === 'paused') return undefined;
  // Only now: the disassembler takes longer to load than a small guest to run.
  const { Stepper } = await import('./stepper.js');
  const stepper = new Stepper(engine);
  try {
    const typed = log.typed.filter(({ at }) => at > start);
    const steps: Step[] = [];
    while (engine.retired < end) {
      steps.push(...stepper.step().steps);
      for (const { what } of typed.filter(({ at }) => at === engine.retired)) requireOffer(engine, what);
    }
    const differences = differingRegisters(ended.inspect().state, stepper.state);
    if (differences.length > 0) throw new Error(`the repeated run differs from the first one in ${differences.join(', ')}`);
    // One more step shows what did not retire: the instruction that ended the guest.
    return [...steps, ...stepper.step().steps.filter(({ retired }) => !retired)];
  } finally {
    stepper.free();
  }
}

/** General registers and EIP in which two states differ. */
function differingRegisters(one: Int32Array, other: Int32Array): readonly string[] {
  return Object.entries({ ...Register, EIP: Word.EIP }).filter(([, word]) => one[word] !== other[word]).map(([name]) => name);
}

export function failureRecord({ state, steps }: Failure): FailureRecord {
  return { registers: registerTexts(state), flags: flagLetters(composeFlags(state)), instructions: steps === undefined ? null : steps.map(stepRecord) };
}

/** The report for people. */
export function failureLines({ state, steps }: Failure): readonly string[] {
  const listing = steps === undefined ? [] : [`the last ${steps.length} instructions:`, ...steps.map(stepLine)];
  return [...registerLines(state), ...listing];
}
