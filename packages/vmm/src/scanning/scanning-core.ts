import { DEVICE_SETTINGS, EXECUTOR_SETTING, IO_EVENTS, type CoreDefinition } from '@ringbench/engine';
import { VMM_EVENTS } from '../counters.js';
import { DeprivilegedEngine, SHADOW_EVENTS, SHADOW_SETTING, shadowPolicyOf } from '../deprivileged/index.js';
import { scanningPolicyOf, scanningSettings, type ScanningPolicy } from './policy.js';
import { SCAN_EVENTS } from './scan-counters.js';

/** A technique that scans before it executes, and how it does unless its settings say otherwise. */
export function scanningCore(named: Pick<CoreDefinition, 'id' | 'title' | 'exemplar' | 'mechanism'>, defaults: ScanningPolicy): CoreDefinition {
  return {
    ...named,
    events: [...VMM_EVENTS, ...SHADOW_EVENTS, ...SCAN_EVENTS, ...IO_EVENTS],
    settings: [...scanningSettings(defaults), SHADOW_SETTING, EXECUTOR_SETTING, ...DEVICE_SETTINGS],
    sharesMachine: true,
    create: (options) => new DeprivilegedEngine(options, { sensitiveTraps: false, shadow: shadowPolicyOf(options.settings), scanning: scanningPolicyOf(options.settings, defaults) }),
  };
}
