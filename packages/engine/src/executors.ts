import { Interpreter } from '@ringbench/interpreter';
import type { Executor, Processor } from '@ringbench/machine';
import { Translator } from '@ringbench/translator';
import type { CoreDefinition, EngineOptions, Setting } from './engine.js';

/** Translates all that runs more than a few times. It does not pay: tests are short, and are to find out about translated code. */
const EAGER = { sampleEvery: 100, threshold: 16 } as const;

/** What runs guest instructions directly, by the name that results show. */
const EXECUTORS: Readonly<Record<string, (processor: Processor) => Executor>> = {
  interpreter: (processor) => new Interpreter(processor),
  translator: (processor) => new Translator(processor),
  'eager-translator': (processor) => new Translator(processor, EAGER),
};
export const EXECUTOR_NAMES: readonly string[] = Object.keys(EXECUTORS);
const DEFAULT_EXECUTOR = 'translator';

/** For the `settings` of cores that let an executor be chosen. Counts do not depend on it. */
export const EXECUTOR_SETTING: Setting = {
  name: 'executor', meaning: 'what executes the instructions that run directly: translated to WebAssembly where they are hot, or interpreted (`eager-translator`, for tests: translated at once); affects wall-clock time only', default: DEFAULT_EXECUTOR, values: EXECUTOR_NAMES,
};

/** The executor that `settings.executor` names. Throws on a name that does not exist. */
export function createExecutor({ settings }: EngineOptions): (processor: Processor) => Executor {
  const name = settings?.[EXECUTOR_SETTING.name] ?? DEFAULT_EXECUTOR;
  const create = EXECUTORS[String(name)];
  if (create === undefined) throw new Error(`no executor is called ${name}; there are ${EXECUTOR_NAMES.join(' and ')}`);
  return create;
}

/** Name of what executes a core's guests under these settings: the core's own if it has no choice. Results show it, because wall-clock times depend on it. */
export function executorOf({ executor }: Pick<CoreDefinition, 'executor'>, settings: EngineOptions['settings'] = {}): string {
  return executor ?? String(settings[EXECUTOR_SETTING.name] ?? DEFAULT_EXECUTOR);
}
