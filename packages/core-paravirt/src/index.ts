import { EXECUTOR_SETTING, IO_EVENTS, type CoreDefinition, type EngineOptions, type Setting } from '@ringbench/engine';
import { MONITOR_EVENTS, VMM_EVENTS } from '@ringbench/vmm';
import { PARAVIRT_EVENTS } from './counters.js';
import { ParavirtEngine, type MmuSetting } from './engine.js';

const SETTINGS: readonly Setting[] = [
  {
    name: 'mmu', meaning: 'page tables are changed by validated, batched hypercalls (`hypercall`), or there is no virtual MMU, and guests that need one are refused (`none`, as in the paper)',
    default: 'hypercall', values: ['hypercall', 'none'],
  },
  EXECUTOR_SETTING,
];

/** Throws on a value that `SETTINGS` does not have: who offers settings checks them. */
function mmuOf(settings: EngineOptions['settings'] = {}): MmuSetting {
  const { mmu = 'hypercall' } = settings;
  if (mmu !== 'hypercall' && mmu !== 'none') throw new Error(`no virtual MMU is called ${mmu}`);
  return mmu;
}

/** Denali's technique: a machine for guests that were ported to it, whose interface needs no trap where the PC's would. */
export const core: CoreDefinition = {
  id: 'paravirt',
  title: 'Paravirtualization',
  exemplar: 'Denali',
  mechanism: 'The guest is ported to a virtualizable subset of the processor with virtual registers, hypercalls and batched events, and runs at ring 3 of an ordinary machine.',
  port: 'paravirt',
  events: [...VMM_EVENTS, ...MONITOR_EVENTS, ...PARAVIRT_EVENTS, ...IO_EVENTS],
  settings: SETTINGS,
  sharesMachine: true,
  create: (options) => new ParavirtEngine(options, mmuOf(options.settings)),
};
