import fc from 'fast-check';
import { HOT_SET } from '@ringbench/interpreter';
import { eventIndex, Flag, Word } from '@ringbench/isa';
import { MemoryPool, Region, ROM_BYTES } from '@ringbench/machine';
import { Translator, type ForcedExit, type TranslatorOptions } from '@ringbench/translator';
import { differencesBetween } from '../../../interpreter/test/support/soup-checks.js';
import { SoupMachine } from '../../../interpreter/test/support/soup-machine.js';
import { describeSoup } from '../../../interpreter/test/support/soup-programs.js';
import { Outcome } from '../../src/locals.js';
import { Coverage, type Counts } from './lockstep-coverage.js';
import { CODE, lengthOf, PAGE, programs, straddlingCopy, word, type LockstepProgram, type Stress } from './lockstep-programs.js';

/** Lock step: the same generated program on an interpreter and on a translator, compared at each stop: state, memory, counts. */

export interface LockstepResult {
  readonly programs: number;
  readonly instructions: number;
  readonly regions: number;
  /** What was exercised (lockstep-coverage.ts). */
  readonly coverage: Counts;
  readonly failure: string | undefined;
}

/** Hot soon: translating takes most of the time. */
const EAGER: TranslatorOptions = { sampleEvery: 1, threshold: 250, mostInstructions: 120 };
/** Words that count the executions of checks, in memory that a machine without ROM has no use for. */
const CELLS = ROM_BYTES / 4;
const VECTORS = 32;
const FIRST_EXCEPTION = eventIndex('exception.0');

/** A check that is forced, by the word that counts it down and what it began with. */
interface Cell {
  readonly index: number;
  readonly start: number;
}

export interface LockstepOptions {
  readonly instructions: number;
  readonly seed: number;
  /** Of a failure, to see it again. */
  readonly path?: string;
  /** Whether a failure is reduced to the least that shows it; true unless told. */
  readonly shrinks?: boolean;
  readonly options?: TranslatorOptions;
  readonly onProgress?: (done: number) => void;
}

/** What a program runs on: an interpreter and a translator as new, so that all that a run depends on is in the program. Code that was rewritten often would not be translated any more. */
export class Lockstep {
  readonly translator: Translator;
  private readonly reference: SoupMachine;
  private readonly subject: SoupMachine;
  private readonly cells: Int32Array;
  private used: Cell[] = [];
  private nextCell = 0;
  private forces: Stress['forces'] = undefined;
  /** Whether the instruction at which a region left is a repeated string instruction. */
  private isRepeated = false;

  constructor(private readonly coverage: Coverage, memories: MemoryPool, options: TranslatorOptions = {}) {
    const watched: TranslatorOptions = {
      ...EAGER, forcedExit: (check) => this.force(check), onOutcome: (outcome) => this.noteOutcome(outcome), onTranslated: (shape) => coverage.region(shape), ...options,
    };
    let made: Translator | undefined;
    this.reference = new SoupMachine(HOT_SET, undefined, memories);
    this.subject = new SoupMachine(HOT_SET, (processor) => (made = new Translator(processor, watched)), memories);
    if (made === undefined) throw new Error('no translator was made');
    this.translator = made;
    this.cells = this.subject.machine.memory.words.subarray(Region.ROM >> 2, (Region.ROM >> 2) + CELLS);
    this.watchRegions();
    this.watchSteps();
    this.watchCode();
  }

  // ---- what is seen of the translator

  private force(check: number): ForcedExit | undefined {
    if (this.forces === undefined) return undefined;
    const { mask } = this.forces;
    const index = this.nextCell++ % CELLS;
    const start = 1 + ((check * 7 + index) & mask);
    this.cells[index] = start;
    this.used.push({ index, start });
    return { address: Region.ROM + index * 4, mask };
  }
  private noteOutcome(outcome: number): void {
    const name = Object.entries(Outcome).find(([, value]) => value === outcome)?.[0];
    const site = name === undefined ? this.translator.store.site(outcome) : undefined;
    this.isRepeated = site?.kind === 'instruction' && this.translator.instructionAt(site).operation.shape.repeat !== 'none';
    this.coverage.add('regions left', name === undefined ? `at a site: ${site?.kind}` : name.toLowerCase());
  }
  private watchRegions(): void {
    const { dispatcher } = this.translator.store;
    const { dispatch } = dispatcher;
    const { state } = this.subject.machine.memory;
    Object.assign(dispatcher, {
      dispatch: () => {
        const before = state[Word.BUDGET];
        const outcome = dispatch();
        this.coverage.add('instructions', 'in regions', before - state[Word.BUDGET]);
        return outcome;
      },
    });
  }
  /** What becomes of an instruction at which a region left: the interpreter executes it by itself. */
  private watchSteps(): void {
    const { interpreter } = this.translator;
    const { counts } = this.subject.machine.memory;
    const step = interpreter.stepPlaced.bind(interpreter);
    const before = new Float64Array(VECTORS);
    interpreter.stepPlaced = (microOp) => {
      before.set(counts.subarray(FIRST_EXCEPTION, FIRST_EXCEPTION + VECTORS));
      const isComplete = step(microOp);
      let fault = -1;
      for (let vector = 0; vector < VECTORS; vector++) if (counts[FIRST_EXCEPTION + vector] !== before[vector]) fault = vector;
      this.coverage.add(this.isRepeated ? 'repeated at a site' : 'instruction at a site', fault >= 0 ? `raises exception ${fault}` : isComplete ? 'completes' : 'transfers control');
      return isComplete;
    };
  }
  private watchCode(): void {
    const { store } = this.translator;
    const { statistics } = store;
    const codeWritten = store.codeWritten.bind(store);
    store.codeWritten = (host, bytes) => {
      const before = statistics.dropped;
      const result = codeWritten(host, bytes);
      this.coverage.add('stores to pages of code', statistics.dropped === before ? 'beside regions' : 'to regions');
      return result;
    };
  }
  /** Of the checks that ran, how many failed because they were forced to; a check fails at execution number `start`. */
  private noteChecks(): void {
    for (const { index, start } of this.used) {
      const executions = start - this.cells[index];
      if (executions > 0) this.coverage.add('forced checks', executions >= start ? 'reached and failed' : 'reached too seldom');
      else this.coverage.add('forced checks', 'never reached');
    }
    this.used = [];
  }

  // ---- running

  /** Differences, a line each; and how many instructions ran. */
  run({ soup, patches, stress, budget }: LockstepProgram): { found: string[]; retired: number } {
    const { reference, subject, coverage } = this;
    const copy = stress.straddles ? straddlingCopy(lengthOf(soup)) : 0;
    this.forces = stress.forces;
    for (const machine of [reference, subject]) {
      machine.load(soup);
      prepare(machine, patches, stress);
      machine.machine.memory.state[Word.EIP] += copy;
    }
    const before = subject.machine.counts();
    let found: string[] = [];
    for (let slice = 0; found.length === 0; slice++) {
      const target = Math.min(budget, reference.retired + stress.slices[slice % stress.slices.length]);
      const expected = reference.run(target, [target]);
      const result = subject.run(target, [target]);
      found = differencesBetween(reference, subject, expected, result).filter((line) => !line.startsWith('RESUMED_AT'));
      if (expected.stop !== 'budget' || reference.retired >= budget) {
        coverage.add('programs', `end by ${expected.stop}`);
        break;
      }
      if (found.length === 0) this.nextSlice(stress, slice, CODE + copy);
    }
    this.noteRun(before);
    return { found, retired: reference.retired };
  }
  private nextSlice(stress: Stress, slice: number, code: number): void {
    const { reference, subject, coverage } = this;
    const { context } = subject.machine.processor;
    if (!context.code32) coverage.add('slice ends', 'in 16-bit code');
    else if (!context.flat) coverage.add('slice ends', 'with segments that are not flat');
    coverage.add('slice ends', this.isInBlock() ? 'at the beginning of a block' : 'in the middle of a block');
    for (const machine of [reference, subject]) expose(machine, stress, slice, code);
  }
  private isInBlock(): boolean {
    const { processor, memory } = this.subject.machine;
    const eip = memory.state[Word.EIP];
    const entry = memory.words[(memory.state[Word.CODE_TLB] >> 2) + (eip >>> 12)];
    return processor.context.flat && (entry & (PAGE - 1)) === 0 && this.translator.interpreter.cache.decodedAt(eip, (eip + entry) | 0, processor.context) !== 0;
  }
  private noteRun(before: Counts): void {
    this.noteChecks();
    this.coverage.add('instructions', 'in all', this.subject.retired);
    const after = this.subject.machine.counts();
    for (const [name, count] of Object.entries(after)) if (count > (before[name] ?? 0)) this.coverage.add('event', name, count - (before[name] ?? 0));
  }
}

function prepare({ machine }: SoupMachine, patches: LockstepProgram['patches'], { enablesInterrupts }: Stress): void {
  const { processor, pc, memory } = machine;
  pc.reset();
  for (const { at, bytes } of patches) processor.mmu.writePhysical(at, Uint8Array.from(bytes));
  if (enablesInterrupts) memory.state[Word.FLAG_SYSTEM] |= Flag.IF;
  processor.interruptFlagChanged();
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

/** Runs generated programs until that many instructions have retired. */
export function checkLockstep({ instructions, seed, path, shrinks = true, options, onProgress }: LockstepOptions): LockstepResult {
  const memories = new MemoryPool();
  const coverage = new Coverage();
  let [done, count, lastProblem, regions] = [0, 0, '', 0];
  const problemsOf = (program: LockstepProgram): string[] => {
    try {
      const pair = new Lockstep(coverage, memories, options);
      const { found, retired } = pair.run(program);
      done += retired;
      regions += pair.translator.statistics.translated;
      return found;
    } catch (error) {
      return [textOf(error)];
    } finally {
      memories.reclaim();
    }
  };
  const holds = (program: LockstepProgram): boolean => {
    if (done >= instructions) return true;
    const found = problemsOf(program);
    count++;
    onProgress?.(done);
    if (found.length > 0) lastProblem = found.slice(0, 8).join('\n  ');
    return found.length === 0;
  };
  let failure: string | undefined;
  for (let round = 0; done < instructions && failure === undefined; round++) {
    const details = fc.check(fc.property(programs, holds), { numRuns: ROUND, seed: seed + round, endOnFailure: !shrinks || path !== undefined, ...(path === undefined ? {} : { path }) });
    if (path !== undefined) done = instructions;
    const [program] = details.counterexample ?? [];
    if (program !== undefined) failure = `seed ${seed + round}, path ${details.counterexamplePath ?? ''}: ${describe(program)}\n  ${lastProblem}`;
  }
  return { programs: count, instructions: done, regions, coverage: coverage.toCounts(), failure };
}
const ROUND = 200;

const describe = ({ soup, stress, system }: LockstepProgram): string => `${system === undefined ? '' : `${JSON.stringify(system)}\n  `}${describeSoup(soup)}; ${JSON.stringify(stress)}`;
