// What the commands here have in common: reading options, saying where they are.
import { UserError } from '../../../scripts/guest-toolchain.mjs';

/** 128 and the signal's number, as shells have it. */
const TERMINATED = 143;

/** Those of `known` that are among `names`, in the order of `known`; an unknown name is the user's mistake. */
export function chosen(names, known, what) {
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new UserError(`there is no ${what} "${unknown}"; there are ${known.join(', ')}`);
  return known.filter((name) => names.includes(name));
}

/** A positive number from an option's text. */
export function positive(text, name, isWhole) {
  const number = Number(text);
  if (!(number > 0) || !Number.isFinite(number) || (isWhole && !Number.isInteger(number))) throw new UserError(`--${name} must be a positive ${isWhole ? 'whole ' : ''}number, not "${text}"`);
  return number;
}

export const say = (text) => process.stderr.write(`${text}\n`);

/** One line that is written over and over on a terminal, and a line each in a file. */
export const progress = (text) => process.stderr.write(process.stderr.isTTY ? `\r\u001b[K${text}` : text === '' ? '' : `${text}\n`);

/** SIGTERM ends us as an exit does, so that nobody whom we started stays. */
export function exitOnTermination() {
  process.once('SIGTERM', () => process.exit(TERMINATED));
}
