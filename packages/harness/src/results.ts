import { join } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import { JOURNAL_NAME, SCHEMA_VERSION, readJournalFile } from '@ringbench/journal';
import type { Journal, Observation, RunHeader } from '@ringbench/journal';
import { crossCheck } from './checks.js';
import type { Violation } from './checks.js';
import { InputProblem } from './problem.js';
import { writeWhole } from './write-whole.js';

/** One number (or word) that was measured: the shape of `results.csv`. */
export interface ResultRow {
  readonly suite: string;
  readonly workload: string;
  readonly core: string;
  readonly process: number;
  /** Run within the process, from 0: the observation itself is 0, in-process samples follow. */
  readonly iteration: number;
  readonly phase: 'load' | 'run' | 'region' | 'sample';
  readonly metric: string;
  readonly value: number | string | boolean;
}

const COLUMNS = ['suite', 'workload', 'core', 'process', 'iteration', 'phase', 'metric', 'value'] as const satisfies readonly (keyof ResultRow)[];

/** Milliseconds are host time; every other number is an exact count. */
const MILLISECONDS = 'milliseconds';

/** The long rows of an observation: nothing summarised, nothing left out but the free text. */
export function rowsOf({ suite, cores }: Pick<RunHeader, 'suite' | 'cores'>, observation: Observation): readonly ResultRow[] {
  const { workload, core, process } = observation;
  const executor = cores.find(({ id }) => id === core)?.executor ?? 'unknown';
  const row = (phase: ResultRow['phase'], metric: string, value: ResultRow['value'], iteration = 0): ResultRow => ({ suite, workload, core, process, iteration, phase, metric, value });
  const { load, run, region } = observation.milliseconds;
  return [
    row('run', 'ok', observation.outcome === 'ok'),
    row('run', 'outcome', observation.outcome),
    row('run', 'checksum', observation.checksum),
    row('run', 'fingerprint', observation.fingerprint),
    row('run', 'executor', executor),
    row('load', MILLISECONDS, load),
    row('run', MILLISECONDS, run),
    row('run', 'instructions', observation.retired),
    ...Object.entries(observation.counts).map(([name, count]) => row('run', name, count)),
    row('region', MILLISECONDS, region),
    ...Object.entries(observation.region).map(([name, count]) => row('region', name, count)),
    ...observation.samples.map((sample, index) => row('sample', MILLISECONDS, sample, index + 1)),
  ];
}

/** A journal that can be worked with. */
export type ReadableJournal = Extract<Journal, { ok: true }>;

/** The journal of an output folder. Throws InputProblem if there is none or it has no usable header. */
export function openResults(folder: string): ReadableJournal {
  const path = join(folder, JOURNAL_NAME);
  const journal = readJournalFile(path);
  if (!journal.ok) throw new InputProblem(`cannot use ${path}: ${journal.problem}`, 'name a folder that `ringbench run --out` has written');
  return journal;
}

/** What `results.json` holds. */
export interface Results {
  readonly schema: number;
  readonly run: RunHeader;
  /** Lines of the journal that could not be used. */
  readonly problems: ReadableJournal['problems'];
  readonly violations: readonly Violation[];
  readonly observations: readonly Observation[];
}

export function summarise(journal: ReadableJournal): Results {
  const { header, observations, problems } = journal;
  return { schema: SCHEMA_VERSION, run: header, problems, violations: crossCheck(header, observations), observations };
}

/** Writes `results.csv` and `results.json` beside the journal, from the journal alone; returns their paths. Throws InputProblem if it cannot. */
export function writeResults(folder: string, results: Results): readonly string[] {
  const rows = results.observations.flatMap((observation) => rowsOf(results.run, observation));
  const csv = stringify([...rows], { header: true, columns: [...COLUMNS], cast: { boolean: (value) => String(value) } });
  return [writeWhole(folder, 'results.csv', csv), writeWhole(folder, 'results.json', `${JSON.stringify(results, null, 2)}\n`)];
}
