/** Events of scanning, for `CoreDefinition.events`. */
export const SCAN_EVENTS = [
  { name: 'scan.page', meaning: 'mirror pages made' },
  { name: 'scan.instruction', meaning: 'instructions scanned; those of a page that is mirrored again count again' },
  { name: 'scan.breakpoint.sensitive', meaning: 'breakpoints hit before sensitive instructions' },
  { name: 'scan.breakpoint.branch', meaning: 'breakpoints hit before branches, computed ones included' },
  { name: 'scan.breakpoint.straddling', meaning: 'breakpoints hit before instructions that do not end within their page' },
  { name: 'scan.breakpoint.overlapped', meaning: 'breakpoints hit before instructions in whose middle another instruction has one' },
  { name: 'scan.breakpoint.undecodable', meaning: 'breakpoints hit before bytes that are no instruction' },
  { name: 'scan.release', meaning: 'static branches whose breakpoint was removed' },
  { name: 'scan.invalidation', meaning: 'mirror pages dropped because their original was written' },
  { name: 'scan.eviction', meaning: 'mirror pages dropped because another was needed' },
  { name: 'scan.own-store', meaning: 'stores to the storing instruction\'s own page, which the VMM interpreted' },
  { name: 'scan.code-fill', meaning: 'translations to mirror pages that the VMM had the code TLB load' },
  { name: 'scan.data-fill', meaning: 'page faults of data accesses to pages with code, answered by having the data TLB load the original' },
] as const;

/** What scanning counts; exact integers. */
export class ScanCounters {
  pages = 0;
  instructions = 0;
  sensitive = 0;
  branches = 0;
  straddling = 0;
  overlapped = 0;
  undecodable = 0;
  releases = 0;
  invalidations = 0;
  evictions = 0;
  ownStores = 0;
  codeFills = 0;
  dataFills = 0;

  /** By the names of `SCAN_EVENTS`; what never happened is left out. */
  counts(): Record<string, number> {
    const all: Readonly<Record<(typeof SCAN_EVENTS)[number]['name'], number>> = {
      'scan.page': this.pages, 'scan.instruction': this.instructions, 'scan.breakpoint.sensitive': this.sensitive, 'scan.breakpoint.branch': this.branches,
      'scan.breakpoint.straddling': this.straddling, 'scan.breakpoint.overlapped': this.overlapped, 'scan.breakpoint.undecodable': this.undecodable,
      'scan.release': this.releases, 'scan.invalidation': this.invalidations, 'scan.eviction': this.evictions, 'scan.own-store': this.ownStores,
      'scan.code-fill': this.codeFills, 'scan.data-fill': this.dataFills,
    };
    return Object.fromEntries(Object.entries(all).filter(([, count]) => count !== 0));
  }
}
