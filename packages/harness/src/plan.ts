import { cellKey, SCHEMA_VERSION } from '@ringbench/journal';
import { requireConfiguration } from './configuration.js';
import { InputProblem, unknownName } from './problem.js';
import { SeededRandom } from './random.js';
import { everyCore } from './suite.js';
import type { Suite } from './suite.js';
import { digestOf } from './image-file.js';
import type { Workload } from './workload.js';

/** One cell of the matrix: a core (or a core under settings, by the configuration's name), a workload and the number of the repetition. */
export interface Cell {
  readonly core: string;
  readonly workload: string;
  readonly process: number;
}

export interface PlannedWorkload {
  readonly workload: Workload;
  /** What the guest is told as `scale=N`; undefined for a workload that has no scale. */
  readonly scale: number | undefined;
}

/** Part `index` (from 1) of `count` parts of a plan. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

export interface Plan {
  readonly suite: string;
  readonly seed: number;
  /** Names of configurations. */
  readonly cores: readonly string[];
  readonly workloads: readonly PlannedWorkload[];
  /** Workloads of the suite that cannot be run here, each with the reason and the remedy. */
  readonly skipped: readonly { readonly id: string; readonly reason: string }[];
  readonly repeat: number;
  readonly budget: number;
  readonly samples: number;
  readonly memoryBytes: number;
  /** What executes the guests of cores and configurations that leave the choice; undefined: the default of each. Wall-clock times depend on it, counts do not. */
  readonly executor: string | undefined;
  /** SHA-256 over all of the above and the images' digests. Shards of one plan share it. */
  readonly digest: string;
  /** What to measure here, in this order. */
  readonly cells: readonly Cell[];
}

/** What the command line changes in a suite. */
export interface PlanOverrides {
  readonly cores?: readonly string[] | undefined;
  readonly workloads?: readonly string[] | undefined;
  readonly repeat?: number | undefined;
  readonly budget?: number | undefined;
  readonly samples?: number | undefined;
  readonly executor?: string | undefined;
  readonly seed: number;
  readonly shard?: Shard | undefined;
}

const MOST_CELLS = 100_000;
const MEBIBYTE = 1 << 20;

/** Works out what a suite measures. Throws InputProblem on an unknown core or workload and on a scale for a workload that has none. */
export function makePlan(suite: Suite, overrides: PlanOverrides, knownCores: readonly string[], knownWorkloads: readonly Workload[]): Plan {
  const where = (option: string, overridden: boolean): string => (overridden ? option : `suite ${suite.id}`);
  const cores = everyCore(overrides.cores ?? suite.cores, knownCores).map((text) => requireConfiguration(text, knownCores, where('--core', overrides.cores !== undefined)).name);
  const chosen = overrides.workloads ?? suite.workloads.map((workload) => workload.id);
  const all = chosen.map((id) => planWorkload(id, suite, knownWorkloads, where('--workload', overrides.workloads !== undefined)));
  const workloads = all.filter(({ workload }) => workload.missing === undefined);
  const skipped = skippedOf(all, overrides.workloads !== undefined);
  const repeat = overrides.repeat ?? suite.repeat;
  const size = cores.length * workloads.length * repeat;
  if (size > MOST_CELLS) throw new InputProblem(`the plan has ${size} cells, more than ${MOST_CELLS}`, 'choose fewer cores, workloads or repetitions');
  const twice = cores.find((name, index) => cores.indexOf(name) !== index);
  if (twice !== undefined) throw new InputProblem(`the plan has ${twice} twice`, 'name it once');
  const parameters = {
    suite: suite.id,
    seed: overrides.seed,
    cores,
    workloads,
    repeat,
    budget: overrides.budget ?? suite.budget,
    samples: overrides.samples ?? suite.samples,
    memoryBytes: suite.memoryMiB * MEBIBYTE,
    executor: overrides.executor,
  };
  return { ...parameters, skipped, digest: planDigest(parameters), cells: takeShard(orderCells(parameters), parameters, overrides.shard) };
}

function planWorkload(id: string, suite: Suite, known: readonly Workload[], where: string): PlannedWorkload {
  const workload = known.find((candidate) => candidate.id === id);
  if (workload === undefined) throw unknownName('workload', id, known.map((candidate) => candidate.id), where);
  const scale = suite.workloads.find((entry) => entry.id === id)?.scale;
  if (scale !== undefined && workload.scale === undefined) {
    throw new InputProblem(`suite ${suite.id} gives workload ${id} a scale, but it has none`, 'remove "scale" from the suite');
  }
  return { workload, scale: scale ?? workload.scale?.default };
}

/** What a suite names is skipped where something for it is missing; who names it himself is told. */
function skippedOf(workloads: readonly PlannedWorkload[], named: boolean): Plan['skipped'] {
  const skipped = workloads.flatMap(({ workload: { id, missing } }) => (missing === undefined ? [] : [{ id, ...missing }]));
  const [first] = skipped;
  if (first !== undefined && (named || skipped.length === workloads.length)) throw new InputProblem(`workload ${first.id} cannot be run: ${first.what}`, first.remedy);
  return skipped.map(({ id, what, remedy }) => ({ id, reason: `${what}; ${remedy}` }));
}

type Parameters = Omit<Plan, 'digest' | 'cells' | 'skipped'>;

function planDigest(parameters: Parameters): string {
  const workloads = parameters.workloads.map(({ workload, scale }) => {
    const { id, sha256, checksum, status } = workload;
    return { id, sha256, checksum, status, scale: scale ?? null, guest: workload.kind === 'program' ? [workload.name, workload.arguments, workload.needsDisk] : [] };
  });
  return digestOf(JSON.stringify({ schema: SCHEMA_VERSION, ...parameters, workloads }));
}

/** Whole repetitions one after the other, each in an order of its own: what drifts in the host spreads over all cells, and a run cut short is balanced. */
function orderCells(parameters: Parameters): readonly Cell[] {
  const random = new SeededRandom(parameters.seed);
  const repetitions = Array.from({ length: parameters.repeat }, (_, process) =>
    random.shuffle(parameters.cores.flatMap((core) => parameters.workloads.map(({ workload }) => ({ core, workload: workload.id, process })))),
  );
  return repetitions.flat();
}

/** Repetitions of a workload are dealt out to the shards, never split: all its cores are measured on the same host, so that their ratio means something. */
function takeShard(cells: readonly Cell[], parameters: Parameters, shard: Shard | undefined): readonly Cell[] {
  if (shard === undefined) return cells;
  const position = new Map(parameters.workloads.map(({ workload }, index) => [workload.id, index]));
  return cells.filter((cell) => ((position.get(cell.workload) ?? 0) * parameters.repeat + cell.process) % shard.count === shard.index - 1);
}

/** The cells that have not been measured yet, in the plan's order. */
export function missingCells(plan: Plan, measured: readonly Cell[]): readonly Cell[] {
  const done = new Set(measured.map(cellKey));
  return plan.cells.filter((cell) => !done.has(cellKey(cell)));
}
