import { PagingEntry, type MachineMemory } from '@ringbench/machine';
import type { Allocator } from './allocator.js';
import type { GuestMemory } from './guest-memory.js';
import { ROM_PAGES } from './guest-platform.js';
import { HostContext, takePage } from './host-context.js';

const ENTRIES = 1024;
const PAGE_SHIFT = 12;
const DIRECTORY_SHIFT = 22;
const TABLE_INDEX_MASK = ENTRIES - 1;
const MAPPED = PagingEntry.PRESENT | PagingEntry.WRITABLE;

/** The machine's last page. No machine of ours has memory there: reads give all ones, writes are ignored, and fetches find ones. */
const OPEN_BUS_PAGE = 0xfffff;

const DIRECTORY_BYTES = 1 << DIRECTORY_SHIFT;
/** Pages for the tables that map ROM beyond the guest's memory: one for each 4 MB that ROMs of whole pages can touch. */
export const ROM_TABLE_PAGES = ROM_PAGES + 2 * Math.ceil((ROM_PAGES << PAGE_SHIFT) / DIRECTORY_BYTES);

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
  /** Machine-physical address of the other tables, by the number of their directory entry. */
  private readonly tables = new Map<number, number>();

  constructor(memory: MachineMemory, private readonly allocator: Allocator, private readonly guest: GuestMemory) {
    this.words = memory.words;
    this.root = takePage(allocator);
    this.openBusTable = takePage(allocator);
    this.fillTable(this.openBusTable, () => entryFor(OPEN_BUS_PAGE));
    for (let first = 0; first < guest.pages; first += ENTRIES) this.tables.set(first / ENTRIES, takePage(allocator));
    guest.onMoved = (page) => this.moved(page);
    this.remap();
  }

  /** Called when an entry leads elsewhere than before: translations by way of it must go. */
  onMoved: () => void = () => undefined;

  private moved(page: number): void {
    const table = this.tables.get(Math.floor(page / ENTRIES));
    // With address line 20 off, two addresses lead to the page.
    if (table === undefined || !this.guest.isLine20Enabled) this.remap();
    else this.words[HostContext.wordIndex(table) + (page & TABLE_INDEX_MASK)] = this.entryOf(page, false);
    this.onMoved();
  }

  /**
   * Maps what the guest was refused at a guest-physical address: the open bus where it has no memory, a page where it has and none was given yet, one of its own
   * to write to where it showed a shared one. False when it was mapped: a violation there is none of the guest's making.
   */
  resolve(guestPhysical: number, write: boolean): boolean {
    const page = guestPhysical >>> PAGE_SHIFT;
    const table = this.tables.get(Math.floor(page / ENTRIES));
    if (table === undefined) {
      if (this.guest.machinePage(page) !== undefined) return false;
      this.words[this.directoryEntry(page)] = this.openBusTable | MAPPED;
      return true;
    }
    const at = HostContext.wordIndex(table) + (page & TABLE_INDEX_MASK);
    const before = this.words[at];
    if (write) this.guest.ownPage(page);
    const entry = this.entryOf(page, true);
    if (entry === before) return this.guest.isStarved;
    this.words[at] = entry;
    return true;
  }

  /** The entry for a guest page; `give`: also for one that was never touched, or is no memory. */
  private entryOf(page: number, give: boolean): number {
    if (!give && !this.guest.isPresent(page)) return 0;
    const entry = entryFor(this.guest.machinePage(page) ?? OPEN_BUS_PAGE);
    return this.guest.isOwn(page) ? entry : entry & ~PagingEntry.WRITABLE;
  }

  /** The guest got pages beyond its memory (`GuestMemory.map`): gives them a table and maps them. */
  mapBeyond(first: number, count: number): void {
    for (let page = first; page < first + count; page++) {
      const number = Math.floor(page / ENTRIES);
      if (!this.tables.has(number)) this.tables.set(number, takePage(this.allocator));
    }
    this.remap();
  }

  /** Makes everything anew: the guest's processor reaches its memory in another way than before. */
  remap(): void {
    const directory = HostContext.wordIndex(this.root);
    this.words.fill(0, directory, directory + ENTRIES);
    for (const [number, table] of this.tables) {
      this.words[directory + number] = table | MAPPED;
      this.fillTable(table, (index) => this.entryOf(number * ENTRIES + index, false));
    }
  }

  private directoryEntry(page: number): number {
    return HostContext.wordIndex(this.root) + (page >>> (DIRECTORY_SHIFT - PAGE_SHIFT));
  }

  private fillTable(table: number, entry: (index: number) => number): void {
    const first = HostContext.wordIndex(table);
    for (let index = 0; index < ENTRIES; index++) this.words[first + index] = entry(index);
  }
}

function entryFor(machinePage: number): number {
  return (machinePage << PAGE_SHIFT) | MAPPED;
}
