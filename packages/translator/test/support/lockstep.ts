import fc from 'fast-check';
import { HOT_SET } from '@ringbench/interpreter';
import { Word } from '@ringbench/isa';
import { Translator, type TranslatorOptions } from '@ringbench/translator';
import { differencesBetween } from '../../../interpreter/test/support/soup-checks.js';
import { SoupMachine } from '../../../interpreter/test/support/soup-machine.js';
import { describeSoup } from '../../../interpreter/test/support/soup-programs.js';
import { CODE, lengthOf, PAGE, programs, straddlingCopy, word, type LockstepProgram, type Stress } from './lockstep-programs.js';

/** Lock step: the same generated program on an interpreter and on a translator, compared at each stop: state, memory, counts. */

export interface LockstepResult {
  readonly programs: number;
  readonly instructions: number;
  readonly regions: number;
  readonly failure: string | undefined;
}

const BUDGET = 6000;
/** Hot at once. */
const EAGER: TranslatorOptions = { sampleEvery: 1, threshold: 16, mostInstructions: 120 };

export class Lockstep {
  readonly translator: Translator;
  private readonly reference = new SoupMachine(HOT_SET);
  private readonly subject: SoupMachine;

  constructor(options: TranslatorOptions = {}) {
    let made: Translator | undefined;
    this.subject = new SoupMachine(HOT_SET, (processor) => (made = new Translator(processor, { ...EAGER, ...options })));
    if (made === undefined) throw new Error('no translator was made');
    this.translator = made;
  }

  /** Differences, a line each; and how many instructions ran. */
  run({ soup, stress }: LockstepProgram, budget = BUDGET): { found: string[]; retired: number } {
    const { reference, subject } = this;
    const copy = stress.straddles ? straddlingCopy(lengthOf(soup)) : 0;
    for (const machine of [reference, subject]) {
      machine.load(soup);
      machine.machine.memory.state[Word.EIP] += copy;
    }
    for (let slice = 0; ; slice++) {
      const target = Math.min(budget, reference.retired + stress.slices[slice % stress.slices.length]);
      const expected = reference.run(target, [target]);
      const result = subject.run(target, [target]);
      const found = differencesBetween(reference, subject, expected, result).filter((line) => !line.startsWith('RESUMED_AT'));
      if (found.length > 0) return { found, retired: reference.retired };
      if (expected.stop !== 'budget' || reference.retired >= budget) return { found: [], retired: reference.retired };
      for (const machine of [reference, subject]) expose(machine, stress, slice, CODE + copy);
    }
  }
}

/** Table entries of the first pages of code and of what they are mapped to. */
const CODE_ENTRY = 0x6000 + (CODE / PAGE) * 4;
const CODE_PAGES = 3;
const PRESENT_WRITABLE_USER = 7;

function expose({ machine }: SoupMachine, { interrupts, flushes, changesCode, remaps }: Stress, slice: number, code: number): void {
  const { processor } = machine;
  const write = (physical: number, bytes: readonly number[]): void => processor.mmu.writePhysical(physical, Uint8Array.from(bytes));
  if (interrupts) machine.nmi();
  if (changesCode) write(code + ((slice * 37) % 160), Array.from({ length: 1 + (slice % 3) }, (_, i) => 0x40 + ((slice + i) & 15)));
  if (remaps) write(CODE_ENTRY + (slice % CODE_PAGES) * 4, word((CODE + ((slice * 5) % CODE_PAGES) * PAGE) | (slice % 4 === 3 ? 0 : PRESENT_WRITABLE_USER)));
  if (flushes) processor.flushTranslations();
}

const textOf = (error: unknown): string => (error instanceof Error ? `throws ${error.stack ?? error.message}` : String(error));

/** Runs generated programs until that many instructions have retired. Machines are made anew after a failure, so that shrinking starts from nothing. */
export function checkLockstep({ instructions, seed, options, onProgress }: { instructions: number; seed: number; options?: TranslatorOptions; onProgress?: (done: number) => void }): LockstepResult {
  let pair: Lockstep | undefined;
  let [done, count, lastProblem, regions] = [0, 0, '', 0];
  let regionsBefore = 0;
  const holds = (program: LockstepProgram): boolean => {
    if (done >= instructions) return true;
    let found: string[];
    try {
      pair ??= new Lockstep(options);
      const result = pair.run(program);
      ({ found } = result);
      done += result.retired;
    } catch (error) {
      found = [textOf(error)];
    }
    count++;
    const { translated } = pair?.translator.statistics ?? { translated: 0 };
    regions += translated - regionsBefore;
    regionsBefore = translated;
    onProgress?.(done);
    if (found.length === 0) return true;
    pair = undefined;
    lastProblem = found.slice(0, 8).join('\n  ');
    return false;
  };
  for (let round = 0; done < instructions; round++) {
    pair = undefined;
    regionsBefore = 0;
    const details = fc.check(fc.property(programs, holds), { numRuns: ROUND, seed: seed + round });
    const [program] = details.counterexample ?? [];
    if (program === undefined) continue;
    return { programs: count, instructions: done, regions, failure: `seed ${seed + round}, path ${details.counterexamplePath ?? ''}: ${describeSoup(program.soup)}; ${JSON.stringify(program.stress)}\n  ${lastProblem}` };
  }
  return { programs: count, instructions: done, regions, failure: undefined };
}
const ROUND = 200;
