export { DeprivilegedEngine, type DeprivilegedPolicy } from './engine.js';
export { MonitorInstructions } from './monitor-instructions.js';
export { MONITOR_EVENTS, SHADOW_EVENTS, ShadowCounters } from './shadow-counters.js';
export { SHADOW_SETTING, shadowPolicyOf } from './shadow-setting.js';
