import type { Connection } from './connection.js';
import { connectionWords } from './connection.js';

/** The kernel's command line (workloads/kernel/README.md): options, then `init=` with its path, then the program's arguments. */

/** What the engine's boot protocol and the kernel's buffer hold, less what the loader needs for itself. */
export const LONGEST_COMMAND_LINE = 4080;

/** Writes a word so that the kernel reads it back: it knows blanks and both kinds of quotes, and no other escape. */
export function quoteWord(word: string): string {
  if (/^[^\s'"]+$/.test(word)) return word;
  return `'${word.replaceAll("'", `'"'"'`)}'`;
}

/** UTF-8 as the boot protocols carry it, one character a byte. */
function asBytes(text: string): string {
  return Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join('');
}

export interface CommandLineParts {
  /** The program's path in the guest, also its `argv[0]`. */
  readonly path: string;
  readonly arguments: readonly string[];
  /** `NAME=VALUE`, each. */
  readonly environment: readonly string[];
  readonly connection: Connection;
  /** Whether the kernel lists at the end which system calls it did not know. */
  readonly verbose: boolean;
}

/** The command line, one character a byte. */
export function commandLine({ path, arguments: words, environment, connection, verbose }: CommandLineParts): string {
  const options = ['mortal', ...(verbose ? ['verbose'] : []), ...environment.map((setting) => `env=${setting}`), ...connectionWords(connection)];
  return asBytes([...options, `init=${path}`, ...words].map(quoteWord).join(' '));
}
