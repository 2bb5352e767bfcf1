import { fstatSync, lstatSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { basename, isAbsolute, join, normalize } from 'node:path';
import { fileProblem, InputProblem } from '@ringbench/harness/problem';
import type { GuestFile } from '@ringbench/lab-kernel';
import { readGuestFile } from '../guest/guest-file.js';

/** Any of the three execute permissions (POSIX <sys/stat.h>). */
const EXECUTABLE = 0o111;

/** A path of an archive: from the guest's root, without a slash in front. */
function guestPath(path: string, option: string): string {
  const clean = normalize(`/${path}`).replace(/^\/+|\/+$/g, '');
  if (clean === '') throw new InputProblem(`${option} would replace the guest's root`, 'write --file HOST:/GUEST');
  return clean;
}

interface Place {
  readonly host: string;
  readonly guest: string;
}

/** `HOST:GUEST`, where GUEST begins with a slash, or `HOST`, whose name is then the same in the guest, whose working directory is the root. */
function placeOf(value: string): Place {
  const option = `--file ${value}`;
  const [, host, guest] = /^(.+):(\/.*)$/.exec(value) ?? [];
  if (host !== undefined && guest !== undefined) return { host, guest: guestPath(guest, option) };
  if (!isAbsolute(value) && normalize(value).startsWith('..')) throw new InputProblem(`${option} has no name in the guest, whose files begin at its root`, 'write --file HOST:/GUEST');
  return { host: value, guest: guestPath(value, option) };
}

function* entriesOf(host: string, guest: string, follows: boolean): Generator<GuestFile> {
  const status = follows ? statSync(host) : lstatSync(host);
  if (status.isSymbolicLink()) yield { kind: 'link', path: guest, target: readlinkSync(host) };
  else if (status.isDirectory()) {
    yield { kind: 'directory', path: guest };
    for (const name of readdirSync(host).toSorted()) yield* entriesOf(join(host, name), `${guest}/${name}`, false);
  } else if (status.isFile()) {
    yield { kind: 'file', path: guest, bytes: readGuestFile('file', host), executable: (status.mode & EXECUTABLE) !== 0 };
  } else if (follows) {
    // Named by the user, such as a pipe of the shell's `<(…)`.
    yield { kind: 'file', path: guest, bytes: readGuestFile('file', host) };
  } else throw new InputProblem(`${host} is neither file nor folder nor link`, 'leave it out');
}

/** Files and folders of the host as files of the guest. Links within a folder stay links. Throws InputProblem. */
export function hostFiles(values: readonly string[]): readonly GuestFile[] {
  return values.flatMap((value) => {
    const { host, guest } = placeOf(value);
    try {
      return [...entriesOf(host, guest, true)];
    } catch (error) {
      throw error instanceof InputProblem ? error : fileProblem('read the file', host, error);
    }
  });
}

const PROGRAM_FOLDER = 'bin';

/** Where a program lies in the guest; without a slash in front. */
export const programPath = (host: string): string => `${PROGRAM_FOLDER}/${basename(host)}`;

const STANDARD_INPUT = 0;
const NOTHING = '/dev/null';

/** What the command's own standard input is. Only a pipe or a device must be passed on while the program runs. */
export type StandardInput = { readonly kind: 'terminal' | 'stream' | 'empty' } | { readonly kind: 'file'; readonly bytes: Uint8Array };

export function standardInput(isTerminal: boolean): StandardInput {
  if (isTerminal) return { kind: 'terminal' };
  const status = fstatSync(STANDARD_INPUT);
  if (status.isFile()) return { kind: 'file', bytes: readFileSync(STANDARD_INPUT) };
  const nothing = statSync(NOTHING, { throwIfNoEntry: false });
  const isNothing = status.isCharacterDevice() && nothing !== undefined && nothing.rdev === status.rdev;
  return { kind: isNothing ? 'empty' : 'stream' };
}
