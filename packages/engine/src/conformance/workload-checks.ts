import { describe, expect } from 'vitest';
import { observable } from './guest-checks.js';
import { consoleText, runGuest, summarize, type GuestRun, type RunRequest } from './run-guest.js';
import type { ConformanceWorkload, Subject } from './subject.js';

const WORKLOAD_MEMORY = 8 << 20;
const WORKLOAD_BUDGET = 100_000_000;

/** The project's own guests, at a reduced scale: checksum, status, determinism, and the reference's end state. */
export function workloadChecks(subject: Subject): void {
  const { workloads = [], reference } = subject.options;
  if (workloads.length === 0) return;
  describe('workloads', () => {
    for (const workload of workloads) {
      subject.check(`workloads: ${workload.id} computes its checksum, twice with the same counts`, () => {
        const request = requestFor(workload);
        const [first, second] = [subject.run(request), subject.run(request)];
        expectAnswer(first, workload);
        expect(first.region, 'the region that it marks').toBeDefined();
        expect(observable(second)).toEqual(observable(first));
        if (reference !== undefined) expect(summarize(first)).toBe(summarize(runGuest(reference, request)));
      });
    }
  });
}

function requestFor({ bytes, scale }: ConformanceWorkload): RunRequest {
  return { image: bytes, commandLine: `scale=${scale}`, memoryBytes: WORKLOAD_MEMORY, budget: WORKLOAD_BUDGET };
}

function expectAnswer({ exit, console }: GuestRun, { checksum }: ConformanceWorkload): void {
  expect(consoleText(console).trimEnd().split('\n').at(-1)).toBe(`END sum=${checksum}`);
  expect(exit).toEqual({ kind: 'power-off', status: 0 });
}
