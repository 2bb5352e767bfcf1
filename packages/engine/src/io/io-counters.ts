import type { EventCounts } from '../engine.js';

/** What layers count, for `CoreDefinition.events`. */
export const IO_EVENTS = [
  { name: 'io.disk.read', meaning: 'reads that the layer `trace` of the disk has seen' },
  { name: 'io.disk.write', meaning: 'writes that the layer `trace` of the disk has seen' },
  { name: 'io.disk.sector', meaning: 'sectors of these reads and writes' },
  { name: 'io.disk.failed', meaning: 'of these, reads and writes that a layer below failed' },
  { name: 'io.console.byte', meaning: 'bytes that the layer `trace` of the console has seen' },
] as const;

export type IoEvent = (typeof IO_EVENTS)[number]['name'];

/** Exact integers; what never happened is left out. */
export class IoCounters {
  private readonly counted = new Map<IoEvent, number>();

  add(event: IoEvent, count: number): void {
    this.counted.set(event, (this.counted.get(event) ?? 0) + count);
  }

  counts(): EventCounts {
    return Object.fromEntries(this.counted);
  }
}
