import type { CoreDefinition, Setting } from '@ringbench/engine';
import { CONFIGURATION_NAME } from '@ringbench/journal/configuration-name';
import { InputProblem, oneLine, unknownName } from './problem.js';

/** A core under settings. Its name stands wherever a core is named: in suites, on the command line, in journals and figures. */
export interface Configuration {
  /** The core's id, then its settings in the order of their names: `trap`, `trap:shadow=drop`, `dynamic-sbe:branches=in-page:mirrors=1`. */
  readonly name: string;
  readonly core: string;
  readonly settings: Readonly<Record<string, string>>;
}

const SEPARATOR = ':';
const SHOWN = 60;

/** Reads a configuration's name, with its settings in any order; undefined if it is malformed. */
export function parseConfiguration(text: string): Configuration | undefined {
  if (!CONFIGURATION_NAME.test(text)) return undefined;
  const [core = '', ...words] = text.split(SEPARATOR);
  const entries = words.map((word): [string, string] => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]);
  const settings = Object.fromEntries(entries);
  if (Object.keys(settings).length < entries.length) return undefined;
  return { name: configurationName(core, settings), core, settings };
}

/** The name of a core under settings. */
export function configurationName(core: string, settings: Configuration['settings']): string {
  const entries = Object.entries(settings).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return [core, ...entries.map(([name, value]) => `${name}=${value}`)].join(SEPARATOR);
}

/** Reads a name that was checked before. Throws on a malformed one: that is a bug of ours. */
export function configurationOf(name: string): Configuration {
  const configuration = parseConfiguration(name);
  if (configuration === undefined) throw new Error(`${name} is not the name of a configuration`);
  return configuration;
}

/** Reads a name that a user gave. @param where names the option or file. Throws InputProblem on an unknown core or a malformed setting. */
export function requireConfiguration(text: string, knownCores: readonly string[], where: string): Configuration {
  const [core = ''] = text.split(SEPARATOR);
  if (!knownCores.includes(core)) throw unknownName('core', core, knownCores, where);
  const configuration = parseConfiguration(text);
  if (configuration === undefined) throw new InputProblem(`the settings of "${oneLine(text, SHOWN)}" in ${where} are malformed`, `write ${core}:name=value, each setting once`);
  return configuration;
}

/** Throws InputProblem unless a core takes the settings of a configuration. */
export function requireSettings(core: CoreDefinition, { name, settings }: Configuration, where: string): void {
  const known = core.settings ?? [];
  for (const [key, value] of Object.entries(settings)) {
    const setting = known.find((candidate) => candidate.name === key);
    if (setting === undefined) throw unknownName(`setting of ${core.id}`, key, known.map((candidate) => candidate.name), where);
    requireValue(setting, value, `${where} (${name})`);
  }
}

function requireValue({ name, values }: Setting, value: string, where: string): void {
  if ('least' in values) {
    const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
    if (number >= values.least && number <= values.most) return;
    throw new InputProblem(`${name} is ${value} in ${where}`, `give a whole number from ${values.least} to ${values.most}`);
  }
  if ('listOf' in values) {
    requireWords(name, value, values.listOf, where);
    return;
  }
  if (!values.includes(value)) throw unknownName(`value of ${name}`, value, values, where);
}

const NO_WORDS = 'none';
const WORD_SEPARATOR = '.';

function requireWords(name: string, value: string, known: readonly string[], where: string): void {
  if (value === NO_WORDS) return;
  const words = value.split(WORD_SEPARATOR);
  const unknown = words.find((word) => !known.includes(word));
  if (unknown !== undefined) throw unknownName(`word of ${name}`, unknown, known, where);
  if (new Set(words).size < words.length) throw new InputProblem(`${name} is ${value} in ${where}`, 'give each word once');
}
