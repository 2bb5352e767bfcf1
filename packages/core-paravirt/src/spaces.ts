import { PagingEntry, type Machine } from '@ringbench/machine';
import { HostContext, type GuestMemory, type MonitorInstructions, type PagePool } from '@ringbench/vmm';
import { DIRECT_BASE, DIRECT_BYTES, GUEST_END } from './interface.js';

const PAGE_SHIFT = 12;
const PAGE_BYTES = 1 << PAGE_SHIFT;
const OFFSET_MASK = PAGE_BYTES - 1;
const SLOT_SHIFT = 22;
const SLOTS = 1024;
const SLOT_BYTES = 1 << SLOT_SHIFT;
const KERNEL_SLOT = DIRECT_BASE >>> SLOT_SHIFT;
const WINDOW_SLOT = GUEST_END >>> SLOT_SHIFT;
/** 4 MB below the monitor in which the kernel maps what it likes. */
const FREE_SLOT = WINDOW_SLOT - 1;
const GUEST_PAGE = PagingEntry.PRESENT | PagingEntry.WRITABLE | PagingEntry.USER;
/**
 * Entries of a guest whose pages come one at a time, in bits that the silicon leaves to software (SDM vol. 3, 4.3): LATER is no translation yet, but the guest page
 * in place of the machine's and what the guest wants of it; COPIED may be written once its page is the guest's own.
 */
const LATER = 1 << 9;
const COPIED = 1 << 10;
const MONITOR_PAGE = PagingEntry.PRESENT | PagingEntry.WRITABLE;
/** A kernel's view and a program's, each with a directory of its own. */
const DIRECTORIES = 2;

/** The space that has no programs. */
export const KERNEL_SPACE = 0;

/** Tables for the kernel's part of memory, its free slot and the monitor's window, and the directory of the kernel's space. */
const directTables = (guestPages: number): number => Math.ceil(Math.min(guestPages * PAGE_BYTES, DIRECT_BYTES) / SLOT_BYTES);
/** Pages that a machine's spaces may take: what the kernel's need, some for any guest, and a quarter of its memory. */
const LEAST_SPACE_PAGES = 64;
const MEMORY_OF_SPACES = 4;
export const spacePages = (guestPages: number): number => directTables(guestPages) + LEAST_SPACE_PAGES + Math.ceil(guestPages / MEMORY_OF_SPACES);

interface Space {
  /** Machine-physical addresses. */
  readonly kernelView: number;
  readonly userView: number;
  readonly tables: Map<number, number>;
}

/** Who looks at a space: the guest's kernel, or one of its programs. */
export type Mode = 'kernel' | 'user';

/**
 * The guest's address spaces as the silicon walks them. All tables are the monitor's: the guest has no mapping of them, and changes them by validated
 * updates only. A space has two directories that share the program's tables; the kernel's half of linear memory, the same in all spaces, is in one only.
 */
export class Spaces {
  private readonly words: Int32Array;
  private readonly kernelTables = new Map<number, number>();
  private readonly spaces = new Map<number, Space>();
  private nextHandle = KERNEL_SPACE;
  private currentHandle = KERNEL_SPACE;
  private current: Space;
  private loaded = 0;

  /** `pool`: of `spacePages` pages. `window`: machine-physical addresses of the monitor's pages, in the order in which it sees them at GUEST_END. */
  constructor(machine: Machine, private readonly memory: GuestMemory, private readonly monitor: MonitorInstructions, private readonly pool: PagePool, window: readonly number[]) {
    this.words = machine.memory.words;
    memory.onMoved = (page, from) => this.moved(page, from);
    for (let index = 0; index < directTables(memory.pages); index++) this.kernelTables.set(KERNEL_SLOT + index, this.takePage());
    this.kernelTables.set(FREE_SLOT, this.takePage());
    this.kernelTables.set(WINDOW_SLOT, this.takePage());
    window.forEach((address, index) => this.put(this.kernelTables.get(WINDOW_SLOT), index, address | MONITOR_PAGE));
    this.mapAll();
    this.make();
    this.current = this.spaceOf(KERNEL_SPACE);
  }

  /** Has the silicon look at the current space; loads CR3 if it did not. */
  activate(mode: Mode): void {
    const directory = mode === 'kernel' ? this.current.kernelView : this.current.userView;
    if (directory === this.loaded) return;
    this.loaded = directory;
    this.monitor.loadDirectory(directory);
  }

  /** The handle of a new space without programs' pages, or 0 when there is no memory for it. */
  make(): number {
    if (this.pool.left < DIRECTORIES) return 0;
    const space: Space = { kernelView: this.takePage(), userView: this.takePage(), tables: new Map() };
    for (const [slot, table] of this.kernelTables) this.put(space.kernelView, slot, table | (slot === WINDOW_SLOT ? MONITOR_PAGE : GUEST_PAGE));
    this.put(space.userView, WINDOW_SLOT, (this.kernelTables.get(WINDOW_SLOT) ?? 0) | MONITOR_PAGE);
    this.spaces.set(this.nextHandle, space);
    return this.nextHandle++;
  }

  /** False for the kernel's space, the current one, and one that does not exist. */
  drop(handle: number): boolean {
    const space = this.spaces.get(handle);
    if (space === undefined || handle === KERNEL_SPACE || handle === this.currentHandle) return false;
    for (const page of [space.kernelView, space.userView, ...space.tables.values()]) this.pool.release(page);
    this.spaces.delete(handle);
    return true;
  }

  use(handle: number): boolean {
    const space = this.spaces.get(handle);
    if (space === undefined) return false;
    this.current = space;
    this.currentHandle = handle;
    return true;
  }

  /** Gives a space a table for the 4 MB around a program's address. False when it cannot have one. */
  makeTable(handle: number, linear: number): boolean {
    const space = this.spaces.get(handle);
    const slot = linear >>> SLOT_SHIFT;
    if (space === undefined || handle === KERNEL_SPACE || slot >= KERNEL_SLOT || this.pool.left === 0) return false;
    if (space.tables.has(slot)) return true;
    const table = this.takePage();
    space.tables.set(slot, table);
    for (const view of [space.kernelView, space.userView]) this.put(view, slot, table | GUEST_PAGE);
    return true;
  }

  /**
   * Changes one entry: `entry` has a guest-physical page, PRESENT and WRITABLE; without PRESENT it unmaps. False, and nothing is changed, unless address and space
   * belong together, the table exists, and the page is of the guest's memory.
   */
  update(handle: number, linear: number, entry: number): boolean {
    const slot = linear >>> SLOT_SHIFT;
    const table = this.tableFor(handle, slot);
    if (table === undefined || (linear & OFFSET_MASK) !== 0) return false;
    const wanted = this.entryFor(entry);
    if (wanted === undefined) return false;
    const index = (linear >>> PAGE_SHIFT) % SLOTS;
    const before = this.words[HostContext.wordIndex(table) + index];
    this.put(table, index, wanted);
    // A program's view is loaded anew before the program runs; this is called while the kernel's is loaded.
    if ((before & PagingEntry.PRESENT) !== 0 && (handle === KERNEL_SPACE || handle === this.currentHandle)) this.monitor.invalidatePage(linear);
    return true;
  }

  /** Machine-physical address of what the kernel sees at a linear address, or undefined where it may not read, or write. */
  reach(linear: number, write: boolean): number | undefined {
    const slot = linear >>> SLOT_SHIFT;
    const table = slot === WINDOW_SLOT ? undefined : slot >= KERNEL_SLOT ? this.kernelTables.get(slot) : this.current.tables.get(slot);
    if (table === undefined) return undefined;
    const at = HostContext.wordIndex(table) + ((linear >>> PAGE_SHIFT) % SLOTS);
    const needed = PagingEntry.PRESENT | (write ? PagingEntry.WRITABLE : 0);
    if ((this.words[at] & needed) !== needed && !this.supplyEntry(at, write)) return undefined;
    return (this.words[at] & ~OFFSET_MASK) | (linear & OFFSET_MASK);
  }

  /**
   * The silicon refused an access because the guest's page was not given yet, or is to be copied: true, and the access is to be tried again. False: the guest's own
   * tables refuse it.
   */
  supply(mode: Mode, linear: number, write: boolean): boolean {
    const slot = linear >>> SLOT_SHIFT;
    if (slot === WINDOW_SLOT || (slot >= KERNEL_SLOT && mode === 'user')) return false;
    const table = slot >= KERNEL_SLOT ? this.kernelTables.get(slot) : this.current.tables.get(slot);
    return table !== undefined && this.supplyEntry(HostContext.wordIndex(table) + ((linear >>> PAGE_SHIFT) % SLOTS), write);
  }

  /** The same for the entry at an index of the machine's words. */
  private supplyEntry(at: number, write: boolean): boolean {
    const entry = this.words[at];
    const isLater = (entry & LATER) !== 0 && (entry & PagingEntry.PRESENT) === 0;
    const isCopied = (entry & COPIED) !== 0 && write;
    if (!isLater && !isCopied) return false;
    const wanted = isLater ? entry & PagingEntry.WRITABLE : PagingEntry.WRITABLE;
    if (write && wanted === 0) return false;
    const page = isLater ? entry >>> PAGE_SHIFT : this.memory.guestPageOf(entry >>> PAGE_SHIFT);
    if (page === undefined) throw new Error(`entry ${entry.toString(16)} maps a page that is not the guest's`);
    if (write) this.memory.ownPage(page);
    else this.memory.machinePage(page);
    this.words[at] = this.entryOf(page, wanted);
    return true;
  }

  /** All entries that lead to a page that was copied lead to the copy. */
  private moved(page: number, from: number): void {
    const tables = [...this.kernelTables.values(), ...[...this.spaces.values()].flatMap((space) => [...space.tables.values()])];
    for (const table of tables) {
      const first = HostContext.wordIndex(table);
      for (let at = first; at < first + SLOTS; at++) {
        const entry = this.words[at];
        if (entry >>> PAGE_SHIFT === from && (entry & PagingEntry.PRESENT) !== 0) this.words[at] = this.entryOf(page, (entry & COPIED) === 0 ? 0 : PagingEntry.WRITABLE);
      }
    }
    // The silicon may hold some of them: loaded anew before the next entry.
    this.loaded = 0;
  }

  /** After the guest's memory changed its places while nothing of it runs. Only the kernel's view of memory exists then. */
  remap(): void {
    this.mapAll();
    this.loaded = 0;
  }

  /** The same as a guest-physical address, for who inspects. */
  translate(linear: number): number | undefined {
    const address = this.reach(linear, false);
    const page = address === undefined ? undefined : this.memory.guestPageOf(address >>> PAGE_SHIFT);
    return page === undefined ? undefined : page * PAGE_BYTES + (linear & OFFSET_MASK);
  }

  /** Machine-physical addresses of all directories, for proofs. */
  directories(): readonly number[] {
    return [...this.spaces.values()].flatMap(({ kernelView, userView }) => [kernelView, userView]);
  }

  /** Which table an update may change. */
  private tableFor(handle: number, slot: number): number | undefined {
    if (handle === KERNEL_SPACE) return slot === WINDOW_SLOT ? undefined : this.kernelTables.get(slot);
    return this.spaces.get(handle)?.tables.get(slot);
  }

  /** The silicon's entry for a guest's, or undefined for a page that the guest does not have. */
  private entryFor(entry: number): number | undefined {
    if ((entry & PagingEntry.PRESENT) === 0) return 0;
    const page = entry >>> PAGE_SHIFT;
    if (page >= this.memory.pages) return undefined;
    return this.entryOf(page, entry & PagingEntry.WRITABLE);
  }

  /** The silicon's entry for a page of the guest's that is to be writable, or not (0). */
  private entryOf(page: number, writable: number): number {
    if (!this.memory.isPresent(page)) return (page << PAGE_SHIFT) | LATER | writable;
    const isOwn = this.memory.isOwn(page);
    const machinePage = this.memory.machinePage(page) ?? 0;
    return (machinePage << PAGE_SHIFT) | PagingEntry.PRESENT | PagingEntry.USER | (isOwn ? writable : writable === 0 ? 0 : COPIED);
  }

  private mapAll(): void {
    const pages = Math.min(this.memory.pages, DIRECT_BYTES / PAGE_BYTES);
    for (let page = 0; page < pages; page++) this.put(this.kernelTables.get(KERNEL_SLOT + Math.floor(page / SLOTS)), page % SLOTS, this.entryOf(page, PagingEntry.WRITABLE));
  }

  private spaceOf(handle: number): Space {
    const space = this.spaces.get(handle);
    if (space === undefined) throw new Error(`there is no space ${handle}`);
    return space;
  }
  private put(table: number | undefined, index: number, entry: number): void {
    if (table === undefined) throw new Error('the kernel\'s part of memory has no table there');
    this.words[HostContext.wordIndex(table) + index] = entry;
  }
  private takePage(): number {
    const page = this.pool.take();
    if (page === undefined) throw new Error('the machine was built with too few pages for its guest\'s spaces');
    return page;
  }
}
