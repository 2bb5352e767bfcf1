import { PagingEntry, Region, type Machine } from '@ringbench/machine';
import { Owner, type Allocator } from '@ringbench/vmm';
import { PAGE_BYTES, PAGE_SHIFT } from '../abi/memory.js';
import type { HostCounters } from '../events.js';

const SLOT_SHIFT = 22;
const ENTRIES = 1024;
const ENTRY_BYTES = 4;
const FRAME_MASK = ~(PAGE_BYTES - 1);
const TABLE = PagingEntry.PRESENT | PagingEntry.WRITABLE | PagingEntry.USER;

/** Page tables as the silicon walks them (SDM vol. 3, 4.3), in pages of the host's own. */
export class PageTables {
  /** Machine-physical address. */
  readonly directory: number;
  private readonly words: Int32Array;
  private readonly tables = new Map<number, number>();

  private constructor(machine: Machine, private readonly allocator: Allocator, private readonly counters: HostCounters, directory: number) {
    this.words = machine.memory.words;
    this.directory = directory;
  }

  /** Tables that map nothing but `kernelTable` for the last 4 MB; undefined when memory is exhausted. */
  static make(machine: Machine, allocator: Allocator, counters: HostCounters, kernelTable: number): PageTables | undefined {
    const page = allocator.allocate(Owner.VMM);
    if (page === undefined) return undefined;
    const made = new PageTables(machine, allocator, counters, page * PAGE_BYTES);
    made.clear(made.directory);
    made.words[made.indexOf(made.directory) + ENTRIES - 1] = kernelTable | PagingEntry.PRESENT | PagingEntry.WRITABLE;
    return made;
  }

  /** The entry that maps a linear address, 0 for none. */
  entry(linear: number): number {
    const table = this.tables.get(linear >>> SLOT_SHIFT);
    return table === undefined ? 0 : this.words[this.indexOf(table) + ((linear >>> PAGE_SHIFT) % ENTRIES)];
  }

  /** False when a table is missing and memory exhausted; never for an address that has an entry. */
  put(linear: number, entry: number): boolean {
    const table = this.tableFor(linear >>> SLOT_SHIFT);
    if (table === undefined) return false;
    this.words[this.indexOf(table) + ((linear >>> PAGE_SHIFT) % ENTRIES)] = entry;
    return true;
  }

  /** Linear addresses of present pages in a range of unsigned addresses. */
  *present(start: number, end: number): Generator<number> {
    for (let slot = start >>> SLOT_SHIFT; slot * ENTRIES * PAGE_BYTES < end; slot++) {
      const table = this.tables.get(slot);
      if (table === undefined) continue;
      const base = slot * ENTRIES * PAGE_BYTES;
      const [first, last] = [Math.max(start - base, 0) / PAGE_BYTES, Math.min((end - base) / PAGE_BYTES, ENTRIES)];
      for (let index = first; index < last; index++) if (this.words[this.indexOf(table) + index] !== 0) yield base + index * PAGE_BYTES;
    }
  }

  /** Gives all back. What they mapped must be gone. */
  free(): void {
    for (const page of [...this.tables.values(), this.directory]) this.allocator.release(page / PAGE_BYTES, Owner.VMM);
    this.tables.clear();
  }

  private tableFor(slot: number): number | undefined {
    const known = this.tables.get(slot);
    if (known !== undefined) return known;
    const page = this.allocator.allocate(Owner.VMM);
    if (page === undefined) return undefined;
    const table = page * PAGE_BYTES;
    this.clear(table);
    this.tables.set(slot, table);
    this.words[this.indexOf(this.directory) + slot] = table | TABLE;
    return table;
  }

  private clear(page: number): void {
    const first = this.indexOf(page);
    this.words.fill(0, first, first + ENTRIES);
    this.counters.count('host.page-table');
  }
  private indexOf(address: number): number { return (Region.RAM + address) / ENTRY_BYTES; }
}

/** Machine-physical address of the page that a present entry maps. */
export const frameOf = (entry: number): number => (entry & FRAME_MASK) >>> 0;
