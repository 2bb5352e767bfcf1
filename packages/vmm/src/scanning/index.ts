export { ScannedCode, Verdict } from './scanned-code.js';
export { SCAN_EVENTS, ScanCounters } from './scan-counters.js';
export type { ScanningPolicy } from './policy.js';
