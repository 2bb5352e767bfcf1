import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { CONFIGURATION_NAME } from '@ringbench/journal';
import { fileProblem, unknownName } from './problem.js';
import { readDefinition } from './json-file.js';

const ID = /^[a-z0-9][a-z0-9-]{0,62}$/;
const id = z.string().regex(ID, 'must be small letters, digits and hyphens');
const configuration = z.string().regex(CONFIGURATION_NAME, 'must be a core, or a core under settings as in trap:shadow=drop');

/** Limits that no sensible study reaches; beyond them a suite is a mistake. */
const MOST_REPETITIONS = 1000;
const MOST_SAMPLES = 1000;
const MOST_INSTRUCTIONS = 1e12;
const MOST_NAMES = 1000;
const TEXT_LIMIT = 500;
const LARGEST_SCALE = 2 ** 32 - 1;
const LARGEST_MEMORY_MIB = 1024;

export const scaleSchema = z.int().nonnegative().max(LARGEST_SCALE);
export const idSchema = id;

const distinct = (names: readonly string[]): boolean => new Set(names).size === names.length;

/** In a list of cores: all that there are, in the registry's order. So a new core joins a suite by itself. */
const ALL_CORES = 'all';

/** A list of cores with `all` spelled out. */
export const everyCore = (names: readonly string[], known: readonly string[]): readonly string[] => names.flatMap((name) => (name === ALL_CORES ? known : [name]));

export const suiteSchema = z.strictObject({
  id,
  title: z.string().min(1).max(TEXT_LIMIT),
  /** Cores, and cores under settings: `trap`, `trap:shadow=drop`; `all` for every core. */
  cores: z.array(configuration).min(1).max(MOST_NAMES).refine(distinct, 'names a core twice'),
  workloads: z
    .array(z.strictObject({ id, scale: scaleSchema.optional() }))
    .min(1)
    .max(MOST_NAMES)
    .refine((workloads) => distinct(workloads.map((workload) => workload.id)), 'names a workload twice'),
  /** Observations of each cell, each in a process of its own. */
  repeat: z.int().min(1).max(MOST_REPETITIONS),
  /** Guest instructions after which a run is ended without a result. */
  budget: z.int().min(1).max(MOST_INSTRUCTIONS),
  /** Further runs inside each process, as diagnostics of warm-up. */
  samples: z.int().min(0).max(MOST_SAMPLES),
  /** Guest memory. */
  memoryMiB: z.int().min(1).max(LARGEST_MEMORY_MIB).default(64),
});

/** Which cores run which workloads, and how often. */
export type Suite = z.infer<typeof suiteSchema>;

const EXTENSION = '.json';

/** Ids of the suites in a folder, in alphabetical order. */
export function listSuites(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith(EXTENSION)).map((name) => name.slice(0, -EXTENSION.length)).toSorted();
  } catch (error) {
    throw fileProblem('list the suites in', folder, error);
  }
}

/** Loads a suite by its id, or by its path if `name` is one. Throws InputProblem. */
export function loadSuite(folder: string, name: string): Suite {
  if (name.includes('/') || name.endsWith(EXTENSION)) return readDefinition('suite', name, suiteSchema);
  const known = listSuites(folder);
  if (!known.includes(name)) throw unknownName('suite', name, known, '--suite');
  return readDefinition('suite', join(folder, `${name}${EXTENSION}`), suiteSchema);
}
