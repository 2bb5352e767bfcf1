import type { EventCounts, Region } from './engine.js';

const START = 1;
const STOP = 2;

/** Turns writes to the marker port into the measured region: counts and host time between start and stop. */
export class RegionRecorder {
  region: Region | undefined = undefined;
  private started: { readonly counts: EventCounts; readonly milliseconds: number } | undefined;

  constructor(private readonly counts: () => EventCounts, private readonly clock: () => number) {}

  mark(value: number): void {
    if (value === START) this.started = { counts: this.counts(), milliseconds: this.clock() };
    else if (value === STOP && this.started !== undefined) {
      const milliseconds = this.clock() - this.started.milliseconds;
      this.region = { counts: subtractCounts(this.counts(), this.started.counts), milliseconds };
      this.started = undefined;
    }
  }
}

/** Events that happened in between; those that did not are left out. */
export function subtractCounts(later: EventCounts, earlier: EventCounts): EventCounts {
  const difference: Record<string, number> = {};
  for (const [name, count] of Object.entries(later)) {
    const change = count - (earlier[name] ?? 0);
    if (change !== 0) difference[name] = change;
  }
  return difference;
}
