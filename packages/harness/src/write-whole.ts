import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileProblem } from './problem.js';

/** Writes a file so that a reader sees the old one or the new one, never half of it; returns its path. Throws InputProblem if it cannot. */
export function writeWhole(folder: string, name: string, content: string): string {
  const path = join(folder, name);
  const unfinished = `${path}.${process.pid}.part`;
  try {
    writeFileSync(unfinished, content);
    renameSync(unfinished, path);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw fileProblem('write', path, error);
  }
  return path;
}
