import { DEVICE_SETTINGS, EXECUTOR_SETTING, IO_EVENTS, type CoreDefinition, type EngineOptions, type Setting } from '@ringbench/engine';
import { SENSITIVE_TRAPS_SILICON } from '@ringbench/isa';
import { DeprivilegedEngine, SHADOW_EVENTS, VMM_EVENTS, type DeprivilegedPolicy } from '@ringbench/vmm';

const SETTINGS: readonly Setting[] = [
  { name: 'shadow', meaning: 'shadow page tables follow the guest\'s all the time (`sync`), or all go on each load of CR3 (`drop`)', default: 'sync', values: ['sync', 'drop'] },
  {
    name: 'translation', meaning: 'the guest\'s address spaces are shadow page tables (`shadow`), or its own tables with a second level of translation behind them (`second-level`)',
    default: 'shadow', values: ['shadow', 'second-level'],
  },
  {
    name: 'sensitive', meaning: 'whether sensitive unprivileged instructions trap (`trapping`), or show the guest the silicon\'s state (`naive`, for the matrix of instructions only)',
    default: 'trapping', values: ['trapping', 'naive'],
  },
  EXECUTOR_SETTING,
  ...DEVICE_SETTINGS,
];

/** Throws on a value that `SETTINGS` does not have: who offers settings checks them. */
function policyOf(settings: EngineOptions['settings'] = {}): DeprivilegedPolicy {
  const { shadow = 'sync', sensitive = 'trapping', translation = 'shadow' } = settings;
  if (shadow !== 'sync' && shadow !== 'drop') throw new Error(`no shadow policy is called ${shadow}`);
  if (sensitive !== 'trapping' && sensitive !== 'naive') throw new Error(`no treatment of sensitive instructions is called ${sensitive}`);
  if (translation !== 'shadow' && translation !== 'second-level') throw new Error(`no translation is called ${translation}`);
  return { shadow, secondLevel: translation === 'second-level', sensitiveTraps: sensitive === 'trapping' };
}

/** Classic trap-and-emulate on an x86 whose sensitive instructions all trap: the guest runs at ring 3, under shadow page tables. */
export const core: CoreDefinition = {
  id: 'trap',
  title: 'Trap and emulate',
  exemplar: 'IBM S/390; the slides\' first change of the x86',
  mechanism: 'The guest\'s kernel runs at ring 3 of a machine on which every sensitive instruction traps there; a VMM interprets what trapped.',
  events: [...VMM_EVENTS, ...SHADOW_EVENTS, ...IO_EVENTS],
  settings: SETTINGS,
  naive: { sensitive: 'naive' },
  silicon: SENSITIVE_TRAPS_SILICON,
  sharesMachine: true,
  create: (options) => new DeprivilegedEngine(options, policyOf(options.settings)),
};
