import { DirectEngine, DEVICE_SETTINGS, EXECUTOR_SETTING, IO_EVENTS, type CoreDefinition } from '@ringbench/engine';

/** The baseline: the guest owns the machine and every instruction runs directly on the silicon. */
export const core: CoreDefinition = {
  id: 'native',
  title: 'Native',
  exemplar: 'the real machine',
  mechanism: 'The guest owns the machine; every instruction runs directly.',
  events: [{ name: 'direct', meaning: 'guest instructions that the silicon ran directly' }, ...IO_EVENTS],
  settings: [EXECUTOR_SETTING, ...DEVICE_SETTINGS],
  create: (options) => new DirectEngine(options, (silicon) => ({ ...silicon, direct: silicon.retired ?? 0 })),
};
