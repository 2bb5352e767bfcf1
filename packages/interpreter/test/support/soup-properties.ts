import fc from 'fast-check';
import { HOT_SET, type HotSet } from '@ringbench/interpreter';
import { collectHotSet } from './bare-machine.js';
import { controlWritesOf, differencesBetween, malformations, translationViolations } from './soup-checks.js';
import { SoupMachine } from './soup-machine.js';
import { describeSoup, soups, type Soup } from './soup-programs.js';

/**
 * What interpretation owes to any bytes whatever: it never throws, always returns, reaches nothing outside the machine, leaves a state that a processor
 * can have, and comes to the same however it is executed. The tests run a seeded slice; `node scripts/oracle/soup.mjs` runs more.
 */

const BUDGET = 2000;
const NO_HOT_LOOP: HotSet = { operations: [], pairs: [] };
const SAMPLES = 60;
const SAMPLE_SEED = 386;
const WHOLE: readonly number[] = [BUDGET];
/** Milliseconds. The slowest soup, 2^16 exceptions without an instruction between them, takes a second. */
const MOST_TIME = 20_000;

/** Everything that some soups execute, fused where neighbours: a hot loop that soup meets. */
export function hotSetOfSoup(): HotSet {
  const machine = new SoupMachine(NO_HOT_LOOP);
  return collectHotSet(machine.interpreter, () => {
    for (const soup of fc.sample(soups, { numRuns: SAMPLES, seed: SAMPLE_SEED })) {
      machine.load(soup);
      machine.run(BUDGET, WHOLE);
    }
  });
}

export interface PropertyOptions {
  readonly runs: number;
  readonly seed: number;
  /** Run the full scan of translation tables after every so many soups. */
  readonly scanEvery: number;
  readonly onRun?: () => void;
}
/** What was run, and the shrunk counterexample with its reason if there is one. */
export interface PropertyResult {
  readonly runs: number;
  readonly failure: string | undefined;
  readonly stops: Readonly<Record<string, number>>;
  readonly instructions: number;
}

/** Three machines that are given the same soups: with a hot loop in one slice, without one in slices, with the committed hot loop in slices. */
class Trio {
  readonly whole: SoupMachine;
  readonly sliced: SoupMachine;
  readonly committed: SoupMachine;
  private runs = 0;
  constructor(hot: HotSet, private readonly scanEvery: number) {
    this.whole = new SoupMachine(hot);
    this.sliced = new SoupMachine(NO_HOT_LOOP);
    this.committed = new SoupMachine(HOT_SET);
  }

  /** What is wrong after a soup, a line each. Throws what the machines throw. */
  problems(soup: Soup, note: (stop: string, retired: number) => void): string[] {
    const { whole, sliced, committed } = this;
    const machines = [whole, sliced, committed];
    for (const machine of machines) machine.load(soup);
    const controlWrites = controlWritesOf(whole);
    const start = performance.now();
    const result = whole.run(BUDGET, WHOLE);
    const others = [sliced.run(BUDGET, soup.slices), committed.run(BUDGET, soup.slices.toReversed())];
    note(result.stop, result.retired);
    const found = malformations(whole, controlWrites);
    if (performance.now() - start > MOST_TIME) found.push('it took too long');
    if (result.retired > BUDGET || (result.stop === 'budget' && result.retired !== BUDGET)) found.push(`${result.retired} instructions retired of ${BUDGET}`);
    found.push(...differencesBetween(whole, sliced, result, others[0]).map((text) => `hot loop and handlers in slices: ${text}`));
    found.push(...differencesBetween(whole, committed, result, others[1]).map((text) => `hot loop and committed hot loop in slices: ${text}`));
    found.push(...machines.flatMap((machine) => machine.guardViolations()));
    if (this.runs++ % this.scanEvery === 0) found.push(...machines.flatMap((machine) => translationViolations(machine)));
    return found;
  }
}

const textOf = (error: unknown): string => (error instanceof Error ? `throws ${error.stack ?? error.message}` : String(error));

/** Runs the properties. After a failure the machines are made anew, so that shrinking starts from nothing. */
export function checkSoups(hot: HotSet, { runs, seed, scanEvery, onRun }: PropertyOptions): PropertyResult {
  const stops: Record<string, number> = {};
  let trio: Trio | undefined;
  let [done, instructions, lastProblem] = [0, 0, ''];
  const note = (stop: string, retired: number): void => {
    stops[stop] = (stops[stop] ?? 0) + 1;
    instructions += retired;
  };
  const holds = (soup: Soup): boolean => {
    done++;
    onRun?.();
    let found: string[];
    try {
      trio ??= new Trio(hot, scanEvery);
      found = trio.problems(soup, note);
    } catch (error) {
      found = [textOf(error)];
    }
    if (found.length === 0) return true;
    trio = undefined;
    lastProblem = found.slice(0, 8).join('\n  ');
    return false;
  };
  const details = fc.check(fc.property(soups, holds), { numRuns: runs, seed });
  const [soup] = details.counterexample ?? [];
  const failure = soup === undefined ? undefined : `seed ${seed}, path ${details.counterexamplePath ?? ''}: ${describeSoup(soup)}\n  ${lastProblem}`;
  return { runs: done, failure, stops, instructions };
}
