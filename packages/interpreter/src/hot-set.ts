import type { HotSet } from './hot-loop.js';
import operations from './hot-operations.json' with { type: 'json' };

/** Measured, not chosen: see scripts/profile-operations.mjs. */
export const HOT_SET: HotSet = operations as unknown as HotSet;
