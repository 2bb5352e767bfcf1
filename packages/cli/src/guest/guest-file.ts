import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { fileProblem, InputProblem } from '@ringbench/harness/problem';

const MEBIBYTE = 1 << 20;
/** Images are kept in memory whole. */
const MOST_MEBIBYTES = 1024;
const CHUNK = 1 << 20;

/** Reads a guest's file, or pipe, whole. Throws InputProblem, also for devices and for files of more than 1 GiB. */
export function readGuestFile(what: string, path: string): Uint8Array {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    return readAll(file, what, path);
  } catch (error) {
    if (error instanceof InputProblem) throw error;
    throw fileProblem(`read the ${what}`, path, error);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function readAll(file: number, what: string, path: string): Uint8Array {
  const status = fstatSync(file);
  if (status.isCharacterDevice()) throw new InputProblem(`the ${what} ${path} is a device`, 'name a file');
  const parts: Uint8Array[] = [];
  let total = 0;
  for (;;) {
    const part = new Uint8Array(Math.max(CHUNK, status.size - total + 1));
    if (status.size > MOST_MEBIBYTES * MEBIBYTE || total > MOST_MEBIBYTES * MEBIBYTE) throw new InputProblem(`the ${what} ${path} has more than ${MOST_MEBIBYTES} MiB`, 'give a smaller one');
    const count = readSync(file, part);
    if (count === 0) return parts.length === 1 ? parts[0] : Buffer.concat(parts, total);
    parts.push(part.subarray(0, count));
    total += count;
  }
}
