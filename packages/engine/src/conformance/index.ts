import { describe, expect, test } from 'vitest';
import type { CoreDefinition } from '../engine.js';
import { guestChecks } from './guest-checks.js';
import { loadingChecks } from './loading-checks.js';
import { outcomeChecks } from './outcome-checks.js';
import { Subject, type ConformanceOptions } from './subject.js';
import { workloadChecks } from './workload-checks.js';

export { Assembler } from './assembler.js';
export { CODE_ADDRESS, LOAD_ADDRESS, multibootImage } from './image.js';
export * from './operands.js';
export { KernelGuest, pageEntry } from './kernel-guest.js';
export { GUEST_MEMORY_BYTES, LOG, Page, PAGE_BYTES, PAGE_DIRECTORY, PAGE_TABLE, SCRATCH, Selector } from './memory-map.js';
export { consoleWords, runGuest, summarize, type GuestRun } from './run-guest.js';
export { answerLog, FRAME_BYTES, ne2000Guest, requestNetworkGuest, type NetworkPart } from './network-guest.js';
export { expectedLog, guestImage } from './guest-image.js';
export { SENSITIVE_CHECKS, type SensitiveCheck } from './guests/sensitive.js';
export type { ConformanceOptions, ConformanceWorkload, Deviation } from './subject.js';

/**
 * Registers the tests that every core must pass, with vitest. A check's name is its key in `deviations`. A core that does not end a run hangs the suite:
 * runs are synchronous, and nothing can stop one from outside.
 */
export function conformance(core: CoreDefinition, options: ConformanceOptions = {}): void {
  const subject = new Subject(core, options);
  describe(`conformance of ${core.id}`, () => {
    outcomeChecks(subject);
    guestChecks(subject);
    loadingChecks(subject);
    workloadChecks(subject);
    test('every deviation names a check', () => expect(subject.unknownDeviations()).toEqual([]));
  });
}
