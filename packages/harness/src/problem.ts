import { distance } from 'fastest-levenshtein';

/**
 * Something that the user gave us and can mend: an argument, a suite, a folder. Shown as one line, never with a stack; exit code 2.
 * Everything else that is thrown is a bug of ours.
 */
export class InputProblem extends Error {
  /** @param what says what is wrong and where; @param remedy says how to mend it. Both without a final full stop. */
  constructor(what: string, remedy: string) {
    super(oneLine(`${what}; ${remedy}`));
    this.name = 'InputProblem';
  }
}

const LONGEST_MESSAGE = 600;
/** Control characters, among them the escape that starts a terminal sequence, and the separators that some terminals break lines at. */
// oxlint-disable-next-line no-control-regex -- removing control characters is this expression's purpose
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;

/** Makes foreign text safe to show on one line of a terminal. */
export function oneLine(text: string, longest = LONGEST_MESSAGE): string {
  const line = text.replace(CONTROL, ' ').trim();
  return line.length <= longest ? line : `${line.slice(0, longest - 1)}…`;
}

const FILE_REMEDIES: Readonly<Record<string, string>> = {
  ENOENT: 'check the path',
  ENOTDIR: 'a part of the path is a file; choose another path',
  EISDIR: 'that is a folder; name a file',
  EEXIST: 'something is in the way; choose another path',
  EACCES: 'give yourself the permission or choose another path',
  EPERM: 'give yourself the permission or choose another path',
  EROFS: 'that file system is read-only; choose another path',
  ENOSPC: 'the disk is full; make room',
  EDQUOT: 'your quota is used up; make room',
  EMFILE: 'too many files are open; raise the limit',
  ELOOP: 'the symbolic links go round in a circle; choose another path',
  ENAMETOOLONG: 'choose a shorter path',
  // What Node says for a path with a zero byte in it.
  ERR_INVALID_ARG_VALUE: 'choose another path',
};

/** Turns a file-system error about `path` into the user's problem; anything else is thrown on as it is. */
export function fileProblem(action: string, path: string, error: unknown): InputProblem {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const remedy = FILE_REMEDIES[code];
  if (remedy === undefined) throw error;
  return new InputProblem(`cannot ${action} ${path} (${code})`, remedy);
}

/** Share of a word that may be mistyped for it still to be a likely slip; two letters changing places count as two. */
const LIKELY_SLIP = 0.5;
const TWO_LETTERS = 2;

function isLikelySlip(given: string, candidate: string, slips: number): boolean {
  const longest = Math.max(given.length, candidate.length);
  return slips < longest && slips <= Math.max(TWO_LETTERS, longest * LIKELY_SLIP);
}

/** The name that the user most likely meant, if any is near. */
export function nearest(given: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((candidate) => ({ candidate, slips: distance(given.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, slips }) => isLikelySlip(given, candidate, slips))
    .toSorted((a, b) => a.slips - b.slips);
  return ranked[0]?.candidate;
}

const LONGEST_NAME_COMPARED = 100;

/** The problem of a name that is not among the known ones. */
export function unknownName(kind: string, given: string, known: readonly string[], where: string): InputProblem {
  const guess = given.length > LONGEST_NAME_COMPARED ? undefined : nearest(given, known);
  const choices = known.length === 0 ? 'there are none' : `choose from ${known.join(', ')}`;
  return new InputProblem(`unknown ${kind} "${oneLine(given, LONGEST_NAME_COMPARED)}" in ${where}`, guess === undefined ? choices : `did you mean "${guess}"?`);
}
