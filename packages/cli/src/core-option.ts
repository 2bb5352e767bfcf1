import type { CoreDefinition } from '@ringbench/engine';
import { requireConfiguration, requireSettings } from '@ringbench/harness/configuration';
import type { Configuration } from '@ringbench/harness';
import type { Given } from './options.js';
import { textOption } from './options.js';
import type { Registry } from './registry.js';

const OPTION = '--core';

/** The core that a command runs a guest on, with its settings. */
export interface ChosenCore {
  readonly definition: CoreDefinition;
  readonly configuration: Configuration;
}

/** `--core`, as `trap` or `trap:shadow=drop`; the registry's first core if it is not given. Throws InputProblem. */
export async function coreOption(registry: Registry, given: Given): Promise<ChosenCore> {
  const configuration = requireConfiguration(textOption(given, OPTION) ?? registry.ids[0] ?? '', registry.ids, OPTION);
  const definition = await registry.load(configuration.core);
  requireSettings(definition, configuration, OPTION);
  return { definition, configuration };
}
