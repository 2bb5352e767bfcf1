import { InputProblem, oneLine, unknownName } from '@ringbench/harness/problem';
import type { Shard } from '@ringbench/harness';

/** What yargs hands over for an option: nothing, a value, or several if it was given more than once. */
export type Given = unknown;

const SHOWN = 60;
const MOST_SHARDS = 1000;

/** The text of an option that may be given once. */
export function textOption(given: Given, option: string): string | undefined {
  if (given === undefined) return undefined;
  if (Array.isArray(given)) throw new InputProblem(`${option} is given twice`, 'give it once');
  if (typeof given !== 'string' || given === '') throw new InputProblem(`${option} has no value`, `write ${option} VALUE`);
  return given;
}

/** A whole number between two bounds; `1e9` is understood. */
export function integerOption(given: Given, option: string, least: number, most: number): number | undefined {
  const text = textOption(given, option);
  if (text === undefined) return undefined;
  const value = /^\d+(?:e\d{1,2})?$/i.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
  throw new InputProblem(`${option} ${oneLine(text, SHOWN)} is not usable`, `give a whole number from ${least} to ${most}`);
}

/** A number as addresses and ports are written, `0xf0000` or decimal; undefined for anything else. */
export function parseAddress(text: string): number | undefined {
  return /^(?:0x[0-9a-f]{1,12}|\d{1,12})$/i.test(text) ? Number(text) : undefined;
}

/** An address or port between two bounds. */
export function addressOption(given: Given, option: string, least: number, most: number): number | undefined {
  const text = textOption(given, option);
  if (text === undefined) return undefined;
  const value = parseAddress(text);
  if (value !== undefined && value >= least && value <= most) return value;
  throw new InputProblem(`${option} ${oneLine(text, SHOWN)} is not usable`, `give a number from 0x${least.toString(16)} to 0x${most.toString(16)}`);
}

/** One of a few names. */
export function choiceOption<Name extends string>(given: Given, kind: string, option: string, names: readonly Name[]): Name | undefined {
  const text = textOption(given, option);
  if (text === undefined) return undefined;
  const found = names.find((name) => name === text);
  if (found === undefined) throw unknownName(kind, text, names, option);
  return found;
}

/** The values of an option that may be given several times, each one word. */
export function repeatedOption(given: Given, option: string, most: number): readonly string[] {
  const values = given === undefined ? [] : Array.isArray(given) ? given : [given];
  if (values.length > most) throw new InputProblem(`${option} is given ${values.length} times`, `give it at most ${most} times`);
  return values.map((value: unknown) => textOption(value, option) ?? '');
}

/** Names separated by commas; an option given several times adds up. Each name counts once. */
export function listOption(given: Given, option: string): readonly string[] | undefined {
  if (given === undefined) return undefined;
  const names = (Array.isArray(given) ? given : [given]).flatMap((part) => String(part).split(',')).map((name) => name.trim());
  if (names.includes('')) throw new InputProblem(`${option} has an empty name`, `write ${option} a,b`);
  return [...new Set(names)];
}

/** A part of the plan, as `1/4`. */
export function shardOption(given: Given): Shard | undefined {
  const text = textOption(given, '--shard');
  if (text === undefined) return undefined;
  const [, index, count] = (/^(\d{1,6})\/(\d{1,6})$/.exec(text) ?? []).map(Number);
  if (index !== undefined && count !== undefined && index >= 1 && index <= count && count <= MOST_SHARDS) return { index, count };
  throw new InputProblem(`--shard ${oneLine(text, SHOWN)} is not usable`, `write --shard i/n with i from 1 to n, n at most ${MOST_SHARDS}`);
}

/** Writes words so that a shell reads them back as they are. */
export function shellQuote(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(' ');
}
