import { DEVICE_SETTINGS, EXECUTOR_SETTING, IO_EVENTS, type CoreDefinition } from '@ringbench/engine';
import { V386_SILICON } from '@ringbench/isa';
import { VMM_EVENTS } from '@ringbench/vmm';
import { DEVICE_SERVER_EVENTS, DEVICES_SETTING } from './device-server.js';
import { V386Engine } from './engine.js';

export { V386Engine } from './engine.js';

/** The slides' proposal: the guest runs unmodified in V386 mode, in which the silicon keeps its state and its memory apart from the host's. */
export const core: CoreDefinition = {
  id: 'v386',
  title: 'V386 mode',
  exemplar: 'V386, the mode that the slides propose',
  mechanism: 'The silicon runs the guest in a mode where sensitive instructions see the guest\'s own state; I/O, HLT, MSRs and the timer exit to a VMM.',
  events: [...VMM_EVENTS, ...DEVICE_SERVER_EVENTS, ...IO_EVENTS],
  settings: [DEVICES_SETTING, EXECUTOR_SETTING, ...DEVICE_SETTINGS],
  silicon: V386_SILICON,
  sharesMachine: true,
  create: (options) => new V386Engine(options),
};
