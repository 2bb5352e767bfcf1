import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseProfile } from '@ringbench/analysis';
import type { CostProfile } from '@ringbench/analysis';
import { InputProblem, fileProblem, readDefinitionText, unknownName } from '@ringbench/harness';

const EXTENSION = '.json';

/** Ids of the cost profiles in a folder. Throws InputProblem. */
export function listProfiles(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith(EXTENSION)).map((name) => name.slice(0, -EXTENSION.length)).toSorted();
  } catch (error) {
    throw fileProblem('list the profiles in', folder, error);
  }
}

/** Loads a cost profile by its id, or by its path if `name` is one. Throws InputProblem. */
export function loadProfile(folder: string, name: string): CostProfile {
  const isPath = name.includes('/') || name.endsWith(EXTENSION);
  const known = isPath ? [] : listProfiles(folder);
  if (!isPath && !known.includes(name)) throw unknownName('profile', name, known, '--profile');
  const path = isPath ? name : join(folder, `${name}${EXTENSION}`);
  const parsed = parseProfile(readDefinitionText('profile', path));
  if (!parsed.ok) throw new InputProblem(`profile ${path}: ${parsed.problem}`, 'mend the file');
  return parsed.profile;
}
