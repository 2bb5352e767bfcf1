import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import type { Recording } from './real-mode-machine.js';

/**
 * Where the recordings are: a gzipped file of one JSON object a line, sampled from the SingleStepTests project's recordings of a real 80286. They are
 * not part of the repository.
 *
 * Imports packages only: plain node runs this file too (scripts/oracle/real-80286.mjs).
 */
export const RECORDINGS_VARIABLE = 'RINGBENCH_80286';
const FILE = '80286-real-mode.jsonl.gz';
const REPOSITORY = fileURLToPath(new URL('../../../..', import.meta.url));

/** The file to read: the one given, that of the environment, or one in `shared/oracle` beside the repository; or why there is none. */
export function findRecordings(given?: string): { readonly path: string } | { readonly missing: string } {
  const named = given ?? process.env[RECORDINGS_VARIABLE];
  if (named !== undefined && named !== '') return existsSync(named) ? { path: named } : { missing: `${named} does not exist` };
  const path = join(REPOSITORY, '..', 'shared', 'oracle', FILE);
  return existsSync(path) ? { path } : { missing: `${RECORDINGS_VARIABLE} names no file of recordings, and there is no shared/oracle/${FILE} beside the repository` };
}

/** The recordings as lines of text, which `JSON.parse` turns into `Recording`s. Throws on a file that is not gzip. */
export function readRecordingLines(path: string): string[] {
  return gunzipSync(readFileSync(path)).toString('utf8').split('\n').filter((line) => line !== '');
}

/** About `size` of the lines, evenly spread over all instruction forms, beginning at one that the seed decides. */
export function sliceLines(lines: readonly string[], size: number, seed: number): Recording[] {
  const distance = Math.max(1, Math.floor(lines.length / size));
  return lines.filter((_, number) => number % distance === seed % distance).map((line) => JSON.parse(line) as Recording);
}
