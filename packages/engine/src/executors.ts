import { Interpreter } from '@ringbench/interpreter';
import type { Executor, Processor } from '@ringbench/machine';
import { Translator } from '@ringbench/translator';
import type { EngineOptions, Setting } from './engine.js';

/** Translates all that runs more than a few times. It does not pay: tests are short, and are to find out about translated code. */
const EAGER = { sampleEvery: 100, threshold: 16 } as const;

/** What runs guest instructions directly, by the name that results show. */
const EXECUTORS: Readonly<Record<string, (processor: Processor) => Executor>> = {
  interpreter: (processor) => new Interpreter(processor),
  translator: (processor) => new Translator(processor),
  'eager-translator': (processor) => new Translator(processor, EAGER),
};
export const EXECUTOR_NAMES: readonly string[] = Object.keys(EXECUTORS);
const DEFAULT_EXECUTOR = 'interpreter';

/** For the `settings` of cores that let an executor be chosen. Counts do not depend on it. */
export const EXECUTOR_SETTING: Setting = {
  name: 'executor', meaning: 'what executes the instructions that run directly (`eager-translator`, for tests: translates at once); affects host time only', default: DEFAULT_EXECUTOR, values: EXECUTOR_NAMES,
};

/** The executor that `settings.executor` names. Throws on a name that does not exist. */
export function createExecutor({ settings }: EngineOptions): (processor: Processor) => Executor {
  const name = settings?.['executor'] ?? DEFAULT_EXECUTOR;
  const create = EXECUTORS[String(name)];
  if (create === undefined) throw new Error(`no executor is called ${name}; there are ${EXECUTOR_NAMES.join(' and ')}`);
  return create;
}
