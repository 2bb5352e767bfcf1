/** Where results and prices are read: the only input of this package. Unusable input is a value with one line for the user. */
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { INSTRUCTION_MATRIX_NAME, JOURNAL_NAME, parseInstructionMatrix, readJournalFile } from '@ringbench/journal';
import type { InstructionMatrix } from '@ringbench/journal';
import { parseProfile } from '@ringbench/analysis';
import type { CostProfile, Run } from '@ringbench/analysis';

export type Reading<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };

/** The profiles that the project publishes. */
export const PROFILES_FOLDER = fileURLToPath(new URL('../../../benchmarks/profiles/', import.meta.url));
export const DEFAULT_PROFILE = 'pentium4';

/** Largest matrix that is drawn; a header beyond this is not one of ours, and its figures could not be read. */
const MOST_CELLS = 2000;

export interface RunReading {
  readonly run: Run;
  /** What of the journal could not be used, one line each. */
  readonly warnings: readonly string[];
}

/** Reads the run whose journal is in a folder. */
export function readRun(folder: string): Reading<RunReading> {
  const path = join(folder, JOURNAL_NAME);
  const journal = readJournalFile(path);
  if (!journal.ok) return { ok: false, problem: `${path}: ${journal.problem}` };
  const { header, observations } = journal;
  const cells = header.cores.length * header.workloads.length;
  if (cells > MOST_CELLS) return { ok: false, problem: `${path}: ${cells} cells are more than the ${MOST_CELLS} that can be drawn` };
  if (repeated(header.cores) || repeated(header.workloads))
    return { ok: false, problem: `${path}: its header names a core or a workload twice` };
  const warnings = journal.problems.map(({ line, reason }) => `${path}:${line}: ${reason}`);
  if (journal.torn) warnings.push(`${path}: the last line is incomplete and was left out`);
  const matrix = readMatrix(folder);
  if (!matrix.ok) warnings.push(matrix.problem);
  return { ok: true, value: { run: { header, observations, ...(matrix.ok ? { matrix: matrix.value } : {}) }, warnings } };
}

/** Largest matrix that is read, in bytes: a hundred times what the cores of today give. */
const LARGEST_MATRIX = 4 * 1024 * 1024;

/** The matrix of instructions beside a journal; undefined if there is none. */
function readMatrix(folder: string): Reading<InstructionMatrix | undefined> {
  const path = join(folder, INSTRUCTION_MATRIX_NAME);
  if (!existsSync(path)) return { ok: true, value: undefined };
  try {
    const status = statSync(path);
    if (!status.isFile() || status.size > LARGEST_MATRIX) return { ok: false, problem: `${path}: it is not a matrix of instructions` };
    const parsed = parseInstructionMatrix(readFileSync(path, 'utf8'));
    return parsed.ok ? { ok: true, value: parsed.matrix } : { ok: false, problem: `${path}: ${parsed.problem}` };
  } catch (error) {
    return { ok: false, problem: `${path}: it cannot be read (${error instanceof Error ? error.message : String(error)})` };
  }
}

function repeated(named: readonly { readonly id: string }[]): boolean {
  return new Set(named.map(({ id }) => id)).size < named.length;
}

/** Reads one profile file. */
export function readProfile(path: string): Reading<CostProfile> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    return { ok: false, problem: `${path}: it cannot be read (${error instanceof Error ? error.message : String(error)})` };
  }
  const parsed = parseProfile(text);
  return parsed.ok ? { ok: true, value: parsed.profile } : { ok: false, problem: `${path}: ${parsed.problem}` };
}

/** Reads every profile of a folder, by name; the default one first. */
export function readProfiles(folder: string = PROFILES_FOLDER): Reading<readonly CostProfile[]> {
  let names: string[];
  try {
    names = readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .sort();
  } catch (error) {
    return { ok: false, problem: `${folder}: it cannot be read (${error instanceof Error ? error.message : String(error)})` };
  }
  const profiles: CostProfile[] = [];
  for (const name of names) {
    const reading = readProfile(join(folder, name));
    if (!reading.ok) return reading;
    profiles.push(reading.value);
  }
  profiles.sort((left, right) => Number(right.id === DEFAULT_PROFILE) - Number(left.id === DEFAULT_PROFILE));
  return { ok: true, value: profiles };
}
