import { CR0, CR4, SILICON_EVENTS, Word } from '@ringbench/isa';
import { PageWalker, PagingEntry, TlbEntry, type Machine } from '@ringbench/machine';
import type { GuestMemory } from '../guest-memory.js';
import { HostContext } from '../host-context.js';
import { GuestTables } from './guest-tables.js';
import type { MonitorInstructions } from './monitor-instructions.js';
import type { ShadowCounters } from './shadow-counters.js';

const ENTRIES = 1024;
const PAGE_SHIFT = 12;
const SLOT_SHIFT = 22;
const INDEX_MASK = ENTRIES - 1;
const FRAME_MASK = ~0xfff;
const WORD_BYTES = 4;
const USER_LEVEL = 3;
/** The machine's last page, where it has nothing: reads give all ones, writes are ignored. */
const OPEN_BUS_PAGE = 0xfffff;
const DIRECTORY_ENTRY = PagingEntry.PRESENT | PagingEntry.WRITABLE | PagingEntry.USER | PagingEntry.ACCESSED;
/** Accessed and dirty are kept in the guest's entries; set here beforehand, so that the silicon need not. */
const READABLE = PagingEntry.PRESENT | PagingEntry.USER | PagingEntry.ACCESSED;
const WRITABLE = READABLE | PagingEntry.WRITABLE | PagingEntry.DIRTY;
/** The window is supervisor only: the guest, at ring 3 of the silicon, faults there. */
const WINDOW_ENTRY = PagingEntry.PRESENT | PagingEntry.WRITABLE | PagingEntry.ACCESSED | PagingEntry.DIRTY;
const LAST_SLOT = ENTRIES - 1;

/** Who the translations of a root are for: they differ in what may be written and seen. */
const Mode = { KERNEL: 1, PROTECTED_KERNEL: 2, USER: 3 } as const;
const UNPAGED = 0;

/** A page table for one slot (4 MB) of one root. */
export interface ShadowTable {
  /** Machine-physical address. */
  readonly address: number;
  readonly root: ShadowRoot;
  readonly slot: number;
  /** Machine page of the guest's table that it follows; undefined for a 4 MB page or without paging. */
  readonly guestTable: number | undefined;
}

/** A page directory for one guest directory and one mode. */
export interface ShadowRoot {
  readonly key: number;
  readonly address: number;
  /** Machine page of the guest's directory; undefined without paging. */
  readonly guestDirectory: number | undefined;
  readonly slots: (ShadowTable | undefined)[];
}

/** What became of a page fault. */
export type ShadowFault = { readonly kind: 'filled' } | { readonly kind: 'guest'; readonly errorCode: number };
const FILLED: ShadowFault = { kind: 'filled' };

export interface ShadowOptions {
  /** On a load of CR3: `drop` everything, as the first monitors did, or keep it and have it follow the guest's tables all the time (`sync`). */
  readonly policy: 'drop' | 'sync';
  /** Machine-physical addresses of pages of the monitor's for shadow tables. */
  readonly pool: readonly number[];
}

/**
 * Shadow page tables: what the silicon walks while the guest runs deprivileged. Filled one page at a time when the silicon faults, from a walk of the guest's
 * own tables that keeps their accessed and dirty bits. The guest's kernel runs at ring 3 of the silicon, so its pages are all user pages in its own roots;
 * its user programs have roots of their own. They are coherent at every instruction: tables that were shadowed are write-protected (guest-tables.ts).
 */
export class ShadowTables {
  private readonly words: Int32Array;
  private readonly walker: PageWalker;
  private readonly state: Int32Array;
  private readonly roots = new Map<number, ShadowRoot>();
  private readonly free: number[];
  private readonly tables: GuestTables;
  private readonly windowTable: number;
  private windowSlot = LAST_SLOT;
  private current: ShadowRoot | undefined;
  private lastPageSize = 0;
  /** The silicon may hold translations that are no longer there. */
  private isStale = true;
  private readonly policy: 'drop' | 'sync';

  constructor(
    machine: Machine, private readonly host: HostContext, private readonly guest: GuestMemory, virtualState: Int32Array, private readonly monitor: MonitorInstructions,
    private readonly counters: ShadowCounters, options: ShadowOptions,
  ) {
    this.words = machine.memory.words;
    this.state = virtualState;
    this.policy = options.policy;
    this.free = [...options.pool];
    this.walker = new PageWalker({ state: virtualState, counts: new Float64Array(SILICON_EVENTS.length) }, guest);
    this.tables = new GuestTables(this.words, counters, {
      dropTable: (table) => this.dropTable(table), dropSlot: (root, slot) => this.dropSlot(root, slot), dropEntry: (table, index) => this.dropEntry(table, index), stale: () => (this.isStale = true),
    });
    this.windowTable = this.takePage();
    const window = HostContext.wordIndex(this.windowTable);
    this.words[window] = host.tables | WINDOW_ENTRY;
    this.words[window + 1] = host.trapAddress | WINDOW_ENTRY;
    host.relocate(this.windowSlot << SLOT_SHIFT);
  }

  /** Brings the silicon to the root of the guest's present mode. Called before every entry. */
  activate(): void {
    const pageSize = this.state[Word.CR4] & CR4.PSE;
    if (pageSize !== this.lastPageSize) this.dropAll();
    this.lastPageSize = pageSize;
    const root = this.rootOf(this.key());
    if (root === this.current && !this.isStale) return;
    this.current = root;
    this.isStale = false;
    this.monitor.loadDirectory(root.address);
  }

  /** The guest loaded CR3, or changed what its tables mean. */
  contextChanged(): void {
    if (this.policy === 'drop') this.dropAll();
  }

  /** The silicon faulted at a linear address. */
  handleFault(linear: number, write: boolean): ShadowFault {
    const entry = this.walker.walk(linear, write, this.state[Word.CPL] === USER_LEVEL, false);
    if (entry === 0) return { kind: 'guest', errorCode: this.walker.faultError };
    this.counters.fills++;
    if (linear >>> SLOT_SHIFT === this.windowSlot) this.moveWindow();
    this.fill(linear, write, entry);
    return FILLED;
  }

  /** Whether a page that was filled is writable for one instruction only. */
  get hasGrants(): boolean { return this.tables.hasGrants; }
  /** The guest completed the instruction that writes to a shadowed table, or does not execute it: shadows follow what it wrote. */
  endGrants(): void { this.tables.endGrants(); }

  /** The monitor itself wrote to the guest's memory. */
  written(guestPage: number, offset: number, bytes: number): void {
    const page = this.guest.machinePage(guestPage);
    if (page === undefined || !this.tables.isFollowed(page)) return;
    for (let index = offset >>> 2; index <= (offset + bytes - 1) >>> 2; index++) this.tables.entryChanged(page, index);
  }

  /** Forgets everything: guest-physical memory is decoded differently, or the tables' meaning changed. */
  dropAll(): void {
    this.counters.drops++;
    for (const root of this.roots.values()) this.dropRoot(root);
    this.tables.clear();
    this.current = undefined;
    this.isStale = true;
  }

  // ---- filling

  private fill(linear: number, write: boolean, entry: number): void {
    // Without a page left everything is given up and built anew: two are needed at most.
    if (this.free.length < 2) this.dropAll();
    const root = this.rootOf(this.key());
    if (this.current !== root) this.isStale = true;
    const table = root.slots[linear >>> SLOT_SHIFT] ?? this.createTable(root, linear, entry);
    const index = (linear >>> PAGE_SHIFT) & INDEX_MASK;
    const page = this.guest.machinePage(entry >>> PAGE_SHIFT);
    const mayWrite = (entry & TlbEntry.DIRTY) !== 0 && this.permitsWrite(entry);
    const at = HostContext.wordIndex(table.address) + index;
    // Where the guest has no memory it cannot have tables either.
    const isWritable = mayWrite && (page === undefined || this.tables.admitWriter(page, at, write));
    this.words[at] = ((page ?? OPEN_BUS_PAGE) << PAGE_SHIFT) | (isWritable ? WRITABLE : READABLE);
  }

  /** The walk has found the access itself permitted; this is about later writes through the entry. */
  private permitsWrite(entry: number): boolean {
    if ((entry & TlbEntry.WRITABLE) !== 0) return true;
    return this.state[Word.CPL] !== USER_LEVEL && (this.state[Word.CR0] & CR0.WP) === 0;
  }

  private key(): number {
    const { state } = this;
    if ((state[Word.CR0] & CR0.PG) === 0) return UNPAGED;
    const kernel = (state[Word.CR0] & CR0.WP) === 0 ? Mode.KERNEL : Mode.PROTECTED_KERNEL;
    return (state[Word.CR3] & FRAME_MASK) | (state[Word.CPL] === USER_LEVEL ? Mode.USER : kernel);
  }

  private rootOf(key: number): ShadowRoot {
    const known = this.roots.get(key);
    if (known !== undefined) return known;
    if (this.free.length === 0) this.dropAll();
    const guestDirectory = key === UNPAGED ? undefined : this.guest.machinePage(key >>> PAGE_SHIFT);
    const root: ShadowRoot = { key, address: this.takePage(), guestDirectory, slots: Array.from({ length: ENTRIES }, () => undefined) };
    this.roots.set(key, root);
    this.counters.roots++;
    this.words[HostContext.wordIndex(root.address) + this.windowSlot] = this.windowTable | WINDOW_ENTRY;
    if (guestDirectory !== undefined) this.tables.followDirectory(guestDirectory, root);
    return root;
  }

  private createTable(root: ShadowRoot, linear: number, entry: number): ShadowTable {
    const slot = linear >>> SLOT_SHIFT;
    const table: ShadowTable = { address: this.takePage(), root, slot, guestTable: this.guestTableOf(slot, entry) };
    root.slots[slot] = table;
    this.words[HostContext.wordIndex(root.address) + slot] = table.address | DIRECTORY_ENTRY;
    if (table.guestTable !== undefined) this.tables.followTable(table.guestTable, table);
    return table;
  }

  private guestTableOf(slot: number, entry: number): number | undefined {
    if ((this.state[Word.CR0] & CR0.PG) === 0 || (entry & TlbEntry.LARGE) !== 0) return undefined;
    return this.guest.machinePage(this.guest.read(this.state[Word.CR3] >>> PAGE_SHIFT, slot * WORD_BYTES, 4) >>> PAGE_SHIFT);
  }

  // ---- the monitor's window

  /** The guest wants the 4 MB where the window is: it goes to the next ones below that the guest does not use now. */
  private moveWindow(): void {
    const root = this.rootOf(this.key());
    const from = this.windowSlot;
    let to = from;
    do to = (to + ENTRIES - 1) % ENTRIES;
    while (root.slots[to] !== undefined && to !== (from + 1) % ENTRIES);
    for (const each of this.roots.values()) {
      this.dropSlot(each, to);
      const directory = HostContext.wordIndex(each.address);
      this.words[directory + from] = 0;
      this.words[directory + to] = this.windowTable | WINDOW_ENTRY;
    }
    this.windowSlot = to;
    this.counters.windowMoves++;
    this.isStale = true;
    this.host.relocate(to << SLOT_SHIFT);
  }

  // ---- forgetting

  private dropEntry(table: ShadowTable, index: number): void {
    const at = HostContext.wordIndex(table.address) + index;
    if (this.words[at] === 0) return;
    this.words[at] = 0;
    if (table.root === this.current && !this.isStale) this.monitor.invalidatePage((table.slot << SLOT_SHIFT) | (index << PAGE_SHIFT));
  }

  private dropTable(table: ShadowTable): void {
    this.dropSlot(table.root, table.slot);
  }

  private dropSlot(root: ShadowRoot, slot: number): void {
    const table = root.slots[slot];
    if (table === undefined) return;
    root.slots[slot] = undefined;
    this.words[HostContext.wordIndex(root.address) + slot] = 0;
    if (table.guestTable !== undefined) this.tables.unfollowTable(table.guestTable, table);
    this.free.push(table.address);
    if (root === this.current) this.isStale = true;
  }

  private dropRoot(root: ShadowRoot): void {
    for (let slot = 0; slot < ENTRIES; slot++) this.dropSlot(root, slot);
    if (root.guestDirectory !== undefined) this.tables.unfollowDirectory(root.guestDirectory, root);
    this.roots.delete(root.key);
    this.free.push(root.address);
  }

  /** A zeroed page of the pool. */
  private takePage(): number {
    const address = this.free.pop();
    if (address === undefined) throw new Error('the pool of shadow pages is smaller than two');
    const first = HostContext.wordIndex(address);
    this.words.fill(0, first, first + ENTRIES);
    return address;
  }
}
