import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Engine, Exit } from '@ringbench/engine';
import { LARGEST_EXIT_STATUS } from '@ringbench/lab-kernel';
import { ExitCode } from '../exit-codes.js';
import { FullSpeed, HumanPacer, type Pacer } from '../guest/pacer.js';
import { describeOutcome } from '../guest/outcome.js';
import { SLICE } from '../guest/replay.js';
import { readOn } from './host-input.js';
import type { HostInput } from './host-input.js';
import type { HostOutput } from './host-output.js';

/** Why a program's run is over. */
export type ProgramOutcome =
  /** It ended with this exit code, or 128 and the signal that killed it. */
  | { readonly kind: 'exited'; readonly code: number }
  /** The kernel or its machine failed. */
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'budget' }
  /** Somebody left. */
  | { readonly kind: 'left'; readonly code: number };

export interface ProgramRun {
  readonly engine: Engine;
  readonly input: HostInput;
  readonly output: HostOutput;
  /** Instructions after which the run ends. */
  readonly limit: number;
  /** Called once, when the guest first executes in ring 3. */
  readonly onFirstInstruction: (() => void) | undefined;
}

/** Looks for the first instruction of a program are so many instructions apart. */
const START_SLICE = 10_000;

/** Whether there has been a transfer to a less privileged level, under whatever name the technique counts it. */
function hasLeftKernel(engine: Engine): boolean {
  return Object.entries(engine.counts()).some(([name, count]) => count > 0 && (name === 'ring.out' || name.endsWith('.ring.out')));
}

/** Up to the first instruction of the program, so that the time until then is known. Where a run is cut makes no difference to it. */
function runToProgram({ engine, limit, onFirstInstruction }: ProgramRun): Exit {
  for (;;) {
    const exit = engine.run(Math.min(START_SLICE, limit - engine.retired));
    if (hasLeftKernel(engine)) onFirstInstruction?.();
    else if (exit.kind === 'budget' && engine.retired < limit) continue;
    return exit;
  }
}

/** A receiver's FIFO is emptied within so many instructions by a program that reads. */
const SHORTEST_INPUT_SLICE = 1000;

/** While input waits that the guest has no space for: slices are short as long as that makes space, and longer for a program that does not read. */
class InputPacer implements Pacer {
  private length = SHORTEST_INPUT_SLICE;
  private waited = 0;

  constructor(private readonly input: HostInput) {}

  slice(): number {
    const { size } = this.input;
    this.length = size === this.waited ? Math.min(this.length * 2, SLICE) : SHORTEST_INPUT_SLICE;
    this.waited = size;
    return this.length;
  }
  /** The event loop gets its turns with the first slices of a program that reads, too: more input may be on its way. */
  async rest(): Promise<void> { return nextTurn(); }
}

/** Runs a program to its end. While input may come from a person or a pipe, the guest's idle time takes as long as the host's; after that it takes none. */
export async function runProgram(run: ProgramRun): Promise<ProgramOutcome> {
  const { engine, input, output, limit } = run;
  const waiting = new HumanPacer(input, SLICE);
  const alone = new FullSpeed(SLICE);
  const pumping = new InputPacer(input);
  let exit = run.onFirstInstruction === undefined ? undefined : runToProgram(run);
  for (;;) {
    input.feed(engine);
    readOn(input);
    const pacer = input.isWaiting ? pumping : input.isOpen ? waiting : alone;
    if (exit === undefined || exit.kind === 'budget' || exit.kind === 'paused') {
      if (engine.retired >= limit) return finish(output, { kind: 'budget' });
      exit = engine.run(Math.min(pacer.slice(input.isWaiting), limit - engine.retired));
    }
    await output.flush();
    if (exit.kind !== 'budget' && exit.kind !== 'paused') return outcomeOf(exit, output);
    await pacer.rest(engine);
    if (input.leaving !== undefined) return finish(output, { kind: 'left', code: input.leaving });
  }
}

async function finish(output: HostOutput, outcome: ProgramOutcome): Promise<ProgramOutcome> {
  await output.flush();
  return outcome;
}

function outcomeOf(exit: Exclude<Exit, { readonly kind: 'budget' | 'paused' }>, output: HostOutput): ProgramOutcome {
  if (exit.kind !== 'power-off') return { kind: 'failed', reason: describeOutcome(exit) };
  if (exit.status <= LARGEST_EXIT_STATUS) return { kind: 'exited', code: exit.status };
  return { kind: 'failed', reason: `the lab kernel gave up: ${output.lastLine}` };
}

/** The exit code of the command: the program's own, or one of ours with a line on stderr. */
export function codeOfOutcome(outcome: ProgramOutcome): number {
  switch (outcome.kind) {
    case 'exited': case 'left': return outcome.code;
    case 'failed': return ExitCode.violations;
    case 'budget': return ExitCode.budget;
  }
}
