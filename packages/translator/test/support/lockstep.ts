import fc from 'fast-check';
import { HOT_SET } from '@ringbench/interpreter';
import { Translator, type TranslatorOptions } from '@ringbench/translator';
import { differencesBetween } from '../../../interpreter/test/support/soup-checks.js';
import { SoupMachine } from '../../../interpreter/test/support/soup-machine.js';
import { describeSoup, soupBytes, soups, type Piece, type Soup } from '../../../interpreter/test/support/soup-programs.js';

/**
 * Lock step: the same generated program on an interpreter and on a translator, compared at each stop: state, memory, counts. Programs are loops and
 * calls around random instructions, so that they get hot; what else happens to them is in `Stress`.
 */

/** What a run is exposed to besides its own doing; the same on both machines. */
export interface Stress {
  /** Lengths in instructions between two comparisons, used over and over. */
  readonly slices: readonly number[];
  /** Whether an edge comes at the NMI pin at the end of each slice. */
  readonly interrupts: boolean;
  /** Whether the TLBs are emptied at the end of each slice. */
  readonly flushes: boolean;
  /** Whether a byte of the code is written, by a device as it were, at the end of each slice. */
  readonly changesCode: boolean;
}

export interface LockstepProgram {
  readonly soup: Soup;
  readonly stress: Stress;
}

export interface LockstepResult {
  readonly programs: number;
  readonly instructions: number;
  readonly regions: number;
  readonly failure: string | undefined;
}

const BUDGET = 6000;
const CODE = 0xa000;
/** Loop counters lie between the code and what the registers of a soup mostly point to. */
const COUNTERS = 0x2f000;
const PARTS = 3;
const word = (value: number): number[] => [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, (value >>> 24) & 0xff];
const FLAT_MODES = new Set(['flat32', 'flat32-user', 'paged32', 'paged32-user']);
/** Hot at once. */
const EAGER: TranslatorOptions = { sampleEvery: 1, threshold: 16, mostInstructions: 120 };

const bytesOf = (soup: Soup, pieces: readonly Piece[]): number[] => [...soupBytes({ ...soup, pieces })];

/** A loop: counter set, body, `dec dword [counter]; jnz`. */
function loop(body: readonly number[], counter: number, times: number): number[] {
  const at = COUNTERS + counter * 4;
  return [0xc7, 0x05, ...word(at), ...word(times), ...body, 0xff, 0x0d, ...word(at), 0x0f, 0x85, ...word(-(body.length + 12))];
}

/** Loops around parts of the soup, one with a call to another part, and a jump back to the start behind them. */
function looped(soup: Soup): Soup {
  const size = Math.ceil(soup.pieces.length / PARTS);
  const [first, second, third] = Array.from({ length: PARTS }, (_, part) => bytesOf(soup, soup.pieces.slice(part * size, (part + 1) * size)));
  const callee = [...second, 0xc3];
  const call = (distance: number): number[] => [0xe8, ...word(distance)];
  // jmp over the callee; the loops behind it call it.
  const head = [0xe9, ...word(callee.length), ...callee];
  const a = loop(first, 0, 40);
  const callAt = head.length + a.length + 10;
  const b = loop([...call(5 - callAt - 5), ...third], 1, 60);
  const inner = [...head, ...a, ...b];
  const bytes = [...inner, 0xe9, ...word(-(inner.length + 5))];
  return { ...soup, pieces: [{ bytes: Uint8Array.from(bytes) }] };
}

const stresses: fc.Arbitrary<Stress> = fc.record({
  slices: fc.array(fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 60, max: 2500 })), { minLength: 1, maxLength: 6 }),
  interrupts: fc.boolean(), flushes: fc.boolean(), changesCode: fc.boolean(),
});
/** Modes of which regions are made; one in eight of any mode. */
export const programs: fc.Arbitrary<LockstepProgram> = fc.record({
  soup: fc.oneof({ weight: 7, arbitrary: soups.filter(({ mode }) => FLAT_MODES.has(mode)) }, { weight: 1, arbitrary: soups }).map(looped),
  stress: stresses,
});

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
    for (const machine of [reference, subject]) machine.load(soup);
    for (let slice = 0; ; slice++) {
      const target = Math.min(budget, reference.retired + stress.slices[slice % stress.slices.length]);
      const expected = reference.run(target, [target]);
      const result = subject.run(target, [target]);
      const found = differencesBetween(reference, subject, expected, result).filter((line) => !line.startsWith('RESUMED_AT'));
      if (found.length > 0) return { found, retired: reference.retired };
      if (expected.stop !== 'budget' || reference.retired >= budget) return { found: [], retired: reference.retired };
      for (const machine of [reference, subject]) expose(machine, stress, slice);
    }
  }
}

function expose({ machine }: SoupMachine, { interrupts, flushes, changesCode }: Stress, slice: number): void {
  if (interrupts) machine.nmi();
  if (flushes) machine.processor.flushTranslations();
  if (changesCode) machine.processor.mmu.writePhysical(CODE + ((slice * 37) % 160), Uint8Array.from([0x40 + (slice & 15)]));
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
