import type { Options } from 'yargs';

/** A command line of ours with a program's command line behind it. */
export interface SeparatedWords {
  /** For our own parser. */
  readonly own: readonly string[];
  /** The program and its arguments, which are nobody's business but its own. */
  readonly program: readonly string[];
}

/**
 * Splits the words of `ringbench [OPTION…] COMMAND [OPTION…] PROGRAM [ARG…]` at PROGRAM, for the commands in `options`. Whether a word behind an
 * option is its value or the program depends on the option, so that the tables of options are needed.
 * @param options for each such command the options that it knows, the global ones among them.
 */
export function separateProgram(words: readonly string[], options: Readonly<Record<string, Readonly<Record<string, Options>>>>): SeparatedWords {
  const at = words.findIndex((word) => !word.startsWith('-'));
  const known = at < 0 || !Object.hasOwn(options, words[at]) ? undefined : options[words[at]];
  if (known === undefined) return { own: words, program: [] };
  let next = at + 1;
  while (next < words.length && words[next].startsWith('-') && words[next] !== '--') {
    const [name = '', value] = words[next].replace(/^-+/, '').split('=', 2);
    const takesValue = Object.hasOwn(known, name) && known[name].type === 'string' && value === undefined;
    next += takesValue ? 2 : 1;
  }
  return { own: words.slice(0, next), program: words.slice(words[next] === '--' ? next + 1 : next) };
}
