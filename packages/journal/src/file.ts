import { closeSync, fsyncSync, ftruncateSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { journalLineSchema } from './schema.js';
import type { JournalLine } from './schema.js';
import { parseJournal, parseLine } from './parse.js';
import type { Journal } from './parse.js';

export const JOURNAL_NAME = 'journal.jsonl';

/** Largest journal that is read, in bytes: a file beyond this is not one of ours, and would not fit in a string. */
const LARGEST_JOURNAL = 256 * 1024 * 1024;
const NEWLINE = 0x0a;

/** Reads the journal at `path`. Every damage is a value: a missing file, a pipe or a directory in its place, a file too large, hostile lines. */
export function readJournalFile(path: string): Journal {
  try {
    const status = statSync(path);
    if (!status.isFile()) return { ok: false, problem: 'it is not a file' };
    if (status.size > LARGEST_JOURNAL) return { ok: false, problem: `it is larger than ${LARGEST_JOURNAL} bytes` };
    return parseJournal(readFileSync(path, 'utf8'));
  } catch (error) {
    return { ok: false, problem: `it cannot be read (${error instanceof Error ? error.message : String(error)})` };
  }
}

/** Appends lines to a journal; each is on the disk when `append` returns. File-system errors are thrown as Node reports them. */
export class JournalWriter {
  readonly #file: number;

  private constructor(file: number) {
    this.#file = file;
  }

  /** Starts a new journal. Throws EEXIST if there is one: a journal is never overwritten. */
  static create(path: string): JournalWriter {
    const writer = new JournalWriter(openSync(path, 'ax'));
    syncFolder(dirname(path));
    return writer;
  }

  /** Continues the journal at `path` behind its last complete line; a torn one is cut off. */
  static resume(path: string): JournalWriter {
    const file = openSync(path, 'r+');
    const bytes = readFileSync(file);
    const end = bytes.lastIndexOf(NEWLINE) + 1;
    const rest = bytes.subarray(end);
    const complete = rest.length > 0 && parseLine(rest.toString('utf8')).ok;
    ftruncateSync(file, complete ? bytes.length : end);
    closeSync(file);
    const writer = new JournalWriter(openSync(path, 'a'));
    if (complete) writer.#write('\n');
    return writer;
  }

  /** Appends one line and waits until the disk has it. A line that does not fit the schema is a bug of the caller, and throws. */
  append(line: JournalLine): void {
    this.#write(`${JSON.stringify(journalLineSchema.parse(line))}\n`);
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(text: string): void {
    const bytes = new TextEncoder().encode(text);
    for (let done = 0; done < bytes.length; ) done += writeSync(this.#file, bytes, done);
    fsyncSync(this.#file);
  }
}

/** Makes a new directory entry durable. Folders cannot be opened for this on every system; there the entry is as durable as it gets. */
function syncFolder(folder: string): void {
  let file: number;
  try {
    file = openSync(folder, 'r');
  } catch {
    return;
  }
  try {
    fsyncSync(file);
  } catch {
    // Some file systems refuse to sync a folder.
  } finally {
    closeSync(file);
  }
}
