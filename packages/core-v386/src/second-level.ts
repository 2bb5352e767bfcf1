import { PagingEntry, type MachineMemory } from '@ringbench/machine';
import { HostContext, takePage, type Allocator, type GuestMemory } from '@ringbench/vmm';

const ENTRIES = 1024;
const PAGE_BYTES = 4096;
const PAGE_SHIFT = 12;
const DIRECTORY_SHIFT = 22;
const TABLE_INDEX_MASK = ENTRIES - 1;
const MAPPED = PagingEntry.PRESENT | PagingEntry.WRITABLE;
const FRAME_MASK = ~(PAGE_BYTES - 1);

/** The machine's last page. No machine of ours has memory there: reads give all ones, writes are ignored, and fetches find ones. */
const OPEN_BUS_PAGE = 0xfffff;

/** Pages of the VMM that the tables for a guest of this many pages take: the directory, the tables, and the one for all that lies beyond. */
export function secondLevelPages(guestPages: number): number {
  return 2 + Math.ceil(guestPages / ENTRIES);
}

/**
 * The second level of translation: guest-physical to machine pages, in the machine's memory, owned by the VMM. The guest's memory is mapped from the start;
 * what lies beyond gets mapped to where the machine has nothing when the guest first goes there, so that it finds what a machine with that little memory
 * would show it.
 */
export class SecondLevelTables {
  /** Machine-physical address of the directory. */
  readonly root: number;
  private readonly words: Int32Array;
  /** One table for every 4 MB in which the guest has no memory at all. */
  private readonly openBusTable: number;

  constructor(memory: MachineMemory, allocator: Allocator, private readonly guest: GuestMemory) {
    this.words = memory.words;
    this.root = takePage(allocator);
    this.openBusTable = takePage(allocator);
    this.words.fill(entryFor(OPEN_BUS_PAGE), HostContext.wordIndex(this.openBusTable), HostContext.wordIndex(this.openBusTable + PAGE_BYTES));
    for (let first = 0; first < guest.pages; first += ENTRIES) this.mapTable(takePage(allocator), first);
  }

  /** Maps the page at a guest-physical address at which the guest has no memory. False when it has: a violation there is none of the guest's making. */
  mapOpenBus(guestPhysical: number): boolean {
    const page = guestPhysical >>> PAGE_SHIFT;
    if (this.guest.machinePage(page) !== undefined) return false;
    const directory = this.directoryEntry(page);
    if ((this.words[directory] & PagingEntry.PRESENT) === 0) this.words[directory] = this.openBusTable | MAPPED;
    else this.words[HostContext.wordIndex(this.words[directory] & FRAME_MASK) + (page & TABLE_INDEX_MASK)] = entryFor(OPEN_BUS_PAGE);
    return true;
  }

  private directoryEntry(page: number): number {
    return HostContext.wordIndex(this.root) + (page >>> (DIRECTORY_SHIFT - PAGE_SHIFT));
  }

  private mapTable(table: number, first: number): void {
    this.words[this.directoryEntry(first)] = table | MAPPED;
    for (let index = 0; index < ENTRIES; index++) {
      const machinePage = this.guest.machinePage(first + index);
      if (machinePage !== undefined) this.words[HostContext.wordIndex(table) + index] = entryFor(machinePage);
    }
  }
}

function entryFor(machinePage: number): number {
  return (machinePage << PAGE_SHIFT) | MAPPED;
}
