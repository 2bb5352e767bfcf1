/** Instructions that the VMM itself executes on the silicon. */
const MONITOR_INSTRUCTIONS = ['iret', 'mov-to-cr', 'mov-to-dr', 'load-sreg', 'invlpg', 'call', 'ret', 'mov'] as const;
export type MonitorInstruction = (typeof MONITOR_INSTRUCTIONS)[number];

/** The VMM's own instructions, for `CoreDefinition.events`. */
export const MONITOR_EVENTS = MONITOR_INSTRUCTIONS.map((mnemonic) => ({ name: `vmm.executed.${mnemonic}`, meaning: `${mnemonic.toUpperCase()} instructions of the VMM itself on the silicon` }));

/** Events of a deprivileged guest's world switch and of shadow paging, for `CoreDefinition.events`. */
export const SHADOW_EVENTS = [
  { name: 'shadow.fill', meaning: 'page faults of the silicon that the VMM answered with an entry of a shadow table' },
  { name: 'shadow.table-write', meaning: 'writes to page tables of the guest that are shadowed: each is let through for one instruction and then followed' },
  { name: 'shadow.root', meaning: 'shadow page directories made, one for each guest directory and privilege' },
  { name: 'shadow.drop', meaning: 'times that all shadow tables were dropped' },
  { name: 'shadow.release', meaning: 'guest tables that were written so often that the VMM gave up following them' },
  { name: 'shadow.window-move', meaning: 'times that the VMM moved its window because the guest used its linear addresses' },
  { name: 'vmm.delivery', meaning: 'exceptions and hardware interrupts that the VMM delivered to the guest in software: gate, checks, stack frame' },
  ...MONITOR_EVENTS,
] as const;

/** What shadow paging and the world switch count; exact integers. */
export class ShadowCounters {
  fills = 0;
  tableWrites = 0;
  roots = 0;
  drops = 0;
  releases = 0;
  windowMoves = 0;
  readonly instructions: Record<MonitorInstruction, number> = { iret: 0, 'mov-to-cr': 0, 'mov-to-dr': 0, 'load-sreg': 0, invlpg: 0, call: 0, ret: 0, mov: 0 };

  /** By the names of `SHADOW_EVENTS`, without `vmm.delivery`; what never happened is left out. */
  counts(): Record<string, number> {
    const all: Readonly<Record<string, number>> = {
      'shadow.fill': this.fills, 'shadow.table-write': this.tableWrites, 'shadow.root': this.roots, 'shadow.drop': this.drops, 'shadow.release': this.releases,
      'shadow.window-move': this.windowMoves, ...Object.fromEntries(MONITOR_INSTRUCTIONS.map((mnemonic) => [`vmm.executed.${mnemonic}`, this.instructions[mnemonic]])),
    };
    return Object.fromEntries(Object.entries(all).filter(([, count]) => count !== 0));
  }
}
