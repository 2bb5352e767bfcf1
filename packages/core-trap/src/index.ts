import type { CoreDefinition, EngineOptions } from '@ringbench/engine';
import { DeprivilegedEngine, SHADOW_EVENTS, VMM_EVENTS, type DeprivilegedPolicy } from '@ringbench/vmm';

/**
 * Settings by name (`EngineOptions.settings`): `shadow`: `sync` (default) or `drop`; `sensitive`: `trapping` (default), or `naive`, with which sensitive unprivileged
 * instructions do not trap and the guest sees the silicon's state: for the matrix of instructions only.
 */
function policyOf(settings: EngineOptions['settings'] = {}): DeprivilegedPolicy {
  const { shadow = 'sync', sensitive = 'trapping' } = settings;
  if (shadow !== 'sync' && shadow !== 'drop') throw new Error(`no shadow policy is called ${shadow}`);
  if (sensitive !== 'trapping' && sensitive !== 'naive') throw new Error(`no treatment of sensitive instructions is called ${sensitive}`);
  return { shadow, sensitiveTraps: sensitive === 'trapping' };
}

/** Classic trap-and-emulate on an x86 whose sensitive instructions all trap: the guest runs at ring 3, under shadow page tables. */
export const core: CoreDefinition = {
  id: 'trap',
  title: 'Trap and emulate',
  exemplar: 'IBM S/390; the slides\' first change of the x86',
  mechanism: 'The guest\'s kernel runs at ring 3 of a machine on which every sensitive instruction traps there; a VMM interprets what trapped.',
  executor: 'interpreter',
  events: [...VMM_EVENTS, ...SHADOW_EVENTS],
  create: (options) => new DeprivilegedEngine(options, policyOf(options.settings)),
};
