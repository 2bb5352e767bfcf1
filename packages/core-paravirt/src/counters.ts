import { HYPERCALLS, type Hypercall } from './interface.js';

/** What this technique counts beside every VMM, for `CoreDefinition.events`. */
export const PARAVIRT_EVENTS = [
  { name: 'paravirt.upcall', meaning: 'entries of the guest\'s kernel through the monitor: system calls, exceptions, events' },
  { name: 'paravirt.event', meaning: 'of these, entries that told of pending events, one or more' },
  { name: 'paravirt.return', meaning: 'returns by a frame' },
  { name: 'paravirt.update', meaning: 'page-table entries that the guest had changed by hypercall' },
  { name: 'paravirt.refused', meaning: 'hypercalls, or elements of an `update`, that the monitor refused' },
  ...HYPERCALLS.map((name) => ({ name: `paravirt.call.${name}`, meaning: `hypercalls \`${name}\`` })),
] as const;

/** Counts of one machine; all exact integers. */
export class ParavirtCounters {
  upcalls = 0;
  events = 0;
  returns = 0;
  updates = 0;
  refused = 0;
  private readonly calls = new Map<Hypercall, number>();

  called(name: Hypercall): void { this.calls.set(name, (this.calls.get(name) ?? 0) + 1); }

  /** By the names of `PARAVIRT_EVENTS`; what never happened is left out. */
  counts(): Record<string, number> {
    const all: Readonly<Record<string, number>> = {
      'paravirt.upcall': this.upcalls, 'paravirt.event': this.events, 'paravirt.return': this.returns, 'paravirt.update': this.updates, 'paravirt.refused': this.refused,
    };
    const calls = [...this.calls].map(([name, count]) => [`paravirt.call.${name}`, count] as const);
    return Object.fromEntries([...Object.entries(all), ...calls].filter(([, count]) => count !== 0));
  }
}
