import { EXECUTOR_NAMES, EXECUTOR_SETTING, executorOf, type CoreDefinition } from '@ringbench/engine';
import { configurationName, requireConfiguration, requireSettings } from '@ringbench/harness/configuration';
import { InputProblem } from '@ringbench/harness/problem';
import type { Configuration } from '@ringbench/harness';
import type { Arguments } from './context.js';
import { choiceOption, textOption } from './options.js';
import type { Given } from './options.js';
import type { Registry } from './registry.js';

const OPTION = '--core';
const EXECUTOR_OPTION = '--executor';

/** The core that a command runs a guest on, with its settings. */
export interface ChosenCore {
  readonly definition: CoreDefinition;
  readonly configuration: Configuration;
}

/** `--executor`; undefined if it is not given. Throws InputProblem. */
export function executorOption(given: Given): string | undefined {
  return choiceOption(given, 'executor', EXECUTOR_OPTION, EXECUTOR_NAMES);
}

/** `--core`, as `trap` or `trap:shadow=drop`, the registry's first core if it is not given; and `--executor`, which is one of its settings. Throws InputProblem. */
export async function coreOption(registry: Registry, given: Arguments): Promise<ChosenCore> {
  const configuration = requireConfiguration(textOption(given['core'], OPTION) ?? registry.ids[0] ?? '', registry.ids, OPTION);
  const definition = await registry.load(configuration.core);
  requireSettings(definition, configuration, OPTION);
  const executor = executorOption(given['executor']);
  return { definition, configuration: executor === undefined ? configuration : withExecutor(definition, configuration, executor) };
}

function withExecutor(definition: CoreDefinition, { core, settings }: Configuration, executor: string): Configuration {
  const chosen = { [EXECUTOR_SETTING.name]: executor, ...settings };
  const taken = executorOf(definition, chosen);
  if (taken !== executor) throw new InputProblem(`${EXECUTOR_OPTION} is ${executor}, but ${OPTION} ${core} takes ${taken}`, `leave out ${EXECUTOR_OPTION}`);
  // A core without a choice has no such setting.
  const own = definition.executor === undefined ? chosen : settings;
  return { core, name: configurationName(core, own), settings: own };
}
