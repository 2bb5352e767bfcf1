/** Events of shadow paging, for `CoreDefinition.events`. */
export const SHADOW_EVENTS = [
  { name: 'shadow.fill', meaning: 'page faults of the silicon that the VMM answered with an entry of a shadow table' },
  { name: 'shadow.table-write', meaning: 'writes to page tables of the guest that are shadowed: each is let through for one instruction and then followed' },
  { name: 'shadow.root', meaning: 'shadow page directories made, one for each guest directory and privilege' },
  { name: 'shadow.drop', meaning: 'times that all shadow tables were dropped' },
  { name: 'shadow.release', meaning: 'guest tables that were written so often that the VMM gave up following them' },
  { name: 'shadow.window-move', meaning: 'times that the VMM moved its window because the guest used its linear addresses' },
  { name: 'vmm.instruction', meaning: 'instructions of the VMM itself on the silicon: IRET, loads of CR0, CR3, debug and segment registers, INVLPG' },
] as const;

/** What shadow paging and the world switch count; exact integers. */
export class ShadowCounters {
  fills = 0;
  tableWrites = 0;
  roots = 0;
  drops = 0;
  releases = 0;
  windowMoves = 0;
  instructions = 0;

  /** By the names of `SHADOW_EVENTS`; what never happened is left out. */
  counts(): Record<string, number> {
    const all: Readonly<Record<string, number>> = {
      'shadow.fill': this.fills, 'shadow.table-write': this.tableWrites, 'shadow.root': this.roots, 'shadow.drop': this.drops, 'shadow.release': this.releases,
      'shadow.window-move': this.windowMoves, 'vmm.instruction': this.instructions,
    };
    return Object.fromEntries(Object.entries(all).filter(([, count]) => count !== 0));
  }
}
