import type { EngineOptions, Setting } from '@ringbench/engine';
import type { ShadowOptions } from './shadow-tables.js';

/** The setting of a technique with shadow page tables. */
export const SHADOW_SETTING: Setting = {
  name: 'shadow', meaning: 'shadow page tables follow the guest\'s all the time (`sync`), or all go on each load of CR3 (`drop`)', default: 'sync', values: ['sync', 'drop'],
};

/** Throws on a value that the setting does not have: who offers settings checks them. */
export function shadowPolicyOf({ shadow = 'sync' }: NonNullable<EngineOptions['settings']> = {}): ShadowOptions['policy'] {
  if (shadow !== 'sync' && shadow !== 'drop') throw new Error(`no shadow policy is called ${shadow}`);
  return shadow;
}
