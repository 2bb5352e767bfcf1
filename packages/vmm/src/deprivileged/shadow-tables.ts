import { CR0, CR4, SILICON_EVENTS, Word } from '@ringbench/isa';
import { PageWalker, PagingEntry, TlbEntry, type Machine, type WalkedMemory } from '@ringbench/machine';
import type { GuestMemory } from '../guest-memory.js';
import type { PagePool } from '../page-pool.js';
import { HostContext } from '../host-context.js';
import type { AddressSpaces, SpaceFault } from './address-spaces.js';
import { NO_CODE_GUARD, type CodeGuard } from './code-guard.js';
import { GuestTables } from './guest-tables.js';
import type { MonitorInstructions } from './monitor-instructions.js';
import type { ShadowCounters } from './shadow-counters.js';

const ENTRIES = 1024;
const PAGE_SHIFT = 12;
const SLOT_SHIFT = 22;
/** Linear page numbers of a slot, as a power of two. */
const TABLE_SHIFT = SLOT_SHIFT - PAGE_SHIFT;
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

const FILLED: SpaceFault = { kind: 'filled' };
const INTERPRET: SpaceFault = { kind: 'interpret' };

export interface ShadowOptions {
  /** On a load of CR3: `drop` everything, as the first monitors did, or keep it and have it follow the guest's tables all the time (`sync`). */
  readonly policy: 'drop' | 'sync';
  /** For the tables; three at least. */
  readonly pool: PagePool;
}

/**
 * Shadow page tables: what the silicon walks while the guest runs deprivileged. Filled one page at a time when the silicon faults, from a walk of the guest's
 * own tables that keeps their accessed and dirty bits. The guest's kernel runs at ring 3 of the silicon, so its pages are all user pages in its own roots;
 * its user programs have roots of their own. They are coherent at every instruction: tables that were shadowed are write-protected (guest-tables.ts).
 */
export class ShadowTables implements AddressSpaces {
  readonly pagingControls = CR0.PG;
  private readonly words: Int32Array;
  private readonly walker: PageWalker;
  private readonly state: Int32Array;
  private readonly roots = new Map<number, ShadowRoot>();
  private readonly pool: PagePool;
  private readonly tables: GuestTables;
  private readonly windowTable: number;
  private windowSlot = LAST_SLOT;
  private current: ShadowRoot | undefined;
  private lastPageSize = 0;
  /** The silicon may hold translations that are no longer there. */
  private isStale = true;
  private readonly policy: 'drop' | 'sync';
  codeGuard: CodeGuard = NO_CODE_GUARD;
  /** Walks that set nothing: one that would have to does not find what it looks for. */
  private readonly lookingWalker: PageWalker;
  private wouldSet = false;

  constructor(
    machine: Machine, private readonly host: HostContext, private readonly guest: GuestMemory, virtualState: Int32Array, private readonly monitor: MonitorInstructions,
    private readonly counters: ShadowCounters, options: ShadowOptions,
  ) {
    this.words = machine.memory.words;
    this.state = virtualState;
    this.policy = options.policy;
    this.pool = options.pool;
    guest.onMoved = () => this.dropAll();
    this.walker = new PageWalker({ state: virtualState, counts: new Float64Array(SILICON_EVENTS.length) }, guest);
    const onlyLooking: WalkedMemory = { read: (page, offset, bytes) => guest.read(page, offset, bytes), write: () => (this.wouldSet = true) };
    this.lookingWalker = new PageWalker({ state: virtualState, counts: new Float64Array(SILICON_EVENTS.length) }, onlyLooking);
    this.tables = new GuestTables(this.words, counters, {
      isInUse: (root) => this.isInUse(root), dropRoot: (root) => this.dropRoot(root), dropTable: (table) => this.dropTable(table), dropSlot: (root, slot) => this.dropSlot(root, slot), dropEntry: (table, index) => this.dropEntry(table, index), stale: () => (this.isStale = true),
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
    this.codeGuard.emptied();
  }

  /** The guest loaded CR3, or changed what its tables mean. */
  contextChanged(): void {
    if (this.policy === 'drop') this.dropAll();
  }

  /** Shadows follow the tables, whatever the guest invalidates. */
  pageInvalidated(): void {}

  /** The silicon faulted at a linear address. */
  handleFault(linear: number, write: boolean): SpaceFault {
    const entry = this.walker.walk(linear, write, this.state[Word.CPL] === USER_LEVEL, false);
    if (entry === 0) return { kind: 'guest', errorCode: this.walker.faultError };
    const guestPage = entry >>> PAGE_SHIFT;
    const page = write ? this.guest.ownPage(guestPage) : this.guest.machinePage(guestPage);
    if (write && page !== undefined && !this.codeGuard.admitsStore(page)) return INTERPRET;
    this.fill(linear, write, entry, page);
    return FILLED;
  }

  // ---- code that is elsewhere than data (code-guard.ts)

  /** A fetch faulted at a linear address: the error code of the guest's fault, or undefined where its tables permit the fetch; accessed bits are set then. */
  handleFetchFault(linear: number): number | undefined {
    return this.walker.walk(linear, false, this.state[Word.CPL] === USER_LEVEL, true) === 0 ? this.walker.faultError : undefined;
  }

  /** The machine page that the guest's code at a linear address is in, by tables that have been used for it already: looking changes nothing. */
  codePage(linear: number): number | 'unmapped' | 'open-bus' {
    this.wouldSet = false;
    const entry = this.lookingWalker.walk(linear, false, this.state[Word.CPL] === USER_LEVEL, true);
    return entry === 0 || this.wouldSet ? 'unmapped' : this.guest.machinePage(entry >>> PAGE_SHIFT) ?? 'open-bus';
  }

  /** Has the code TLB, and it alone, lead a linear page that the guest's tables map to a page of the monitor's. False where that has to be tried again after `activate`. */
  loadCode(linear: number, machinePage: number): boolean {
    const entry = this.lookingWalker.walk(linear, false, this.state[Word.CPL] === USER_LEVEL, true);
    const at = this.entryFor(linear, (entry & TlbEntry.LARGE) !== 0);
    if (this.isStale) return false;
    this.monitor.enablePaging();
    this.words[at] = (machinePage << PAGE_SHIFT) | READABLE;
    this.monitor.loadCodeTranslation(linear);
    this.words[at] = 0;
    return true;
  }

  /** Takes a guarded page's translations out of all tables for which it is guarded. */
  withdraw(page: number): void {
    for (const root of this.roots.values()) {
      const table = root.slots[page >>> TABLE_SHIFT];
      if (table === undefined || !this.isScanned(root)) continue;
      const at = HostContext.wordIndex(table.address) + (page & INDEX_MASK);
      if (this.words[at] === 0) continue;
      this.words[at] = 0;
      if (root === this.current) this.forget(page);
    }
  }

  /** Has both TLBs drop a page. */
  forget(page: number): void {
    if (!this.isStale) this.monitor.invalidatePage(page << PAGE_SHIFT);
    this.codeGuard.forgotten(page);
  }

  /** Has both TLBs emptied before the next entry. */
  markStale(): void { this.isStale = true; }
  emptied(): void { this.isStale = true; }

  /** Code of a machine page is mirrored: the page is write-protected. */
  protectCode(machinePage: number): void { this.tables.followCode(machinePage); }
  unprotectCode(machinePage: number): void { this.tables.unfollowCode(machinePage); }

  private isScanned(root: ShadowRoot): boolean { return this.codeGuard.scansUsers || (root.key & ~FRAME_MASK) !== Mode.USER; }

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

  mapped(): void { this.dropAll(); }
  /** Forgets everything: guest-physical memory is decoded differently, or the tables' meaning changed. */
  dropAll(): void {
    this.counters.drops++;
    for (const root of this.roots.values()) this.dropRoot(root);
    this.tables.clear();
    this.current = undefined;
    this.isStale = true;
  }

  // ---- filling

  /** `page`: the machine page to which the walk led; undefined where the guest has no memory, and so cannot have tables either. */
  private fill(linear: number, write: boolean, entry: number, page: number | undefined): void {
    const at = this.entryFor(linear, (entry & TlbEntry.LARGE) !== 0);
    const mayWrite = (entry & TlbEntry.DIRTY) !== 0 && this.permitsWrite(entry) && this.guest.isOwn(entry >>> PAGE_SHIFT);
    const isWritable = mayWrite && (page === undefined || this.tables.admitWriter(page, at, write));
    this.words[at] = ((page ?? OPEN_BUS_PAGE) << PAGE_SHIFT) | (isWritable ? WRITABLE : READABLE);
    if (!this.codeGuard.isGuarded(linear >>> PAGE_SHIFT) || !this.isScanned(this.rootOf(this.key()))) {
      this.counters.fills++;
      return;
    }
    // The directory before the translation: loading it empties the TLB.
    this.activate();
    this.monitor.loadDataTranslation(linear);
    this.words[at] = 0;
    this.codeGuard.dataFilled();
  }

  /** Index in the machine's words of the present root's entry for a linear address, in a table that is made if there is none. */
  private entryFor(linear: number, isLarge: boolean): number {
    if (linear >>> SLOT_SHIFT === this.windowSlot) this.moveWindow();
    // Without a page left everything is given up and built anew: two are needed at most.
    if (this.pool.left < 2) this.dropAll();
    const root = this.rootOf(this.key());
    if (this.current !== root) this.isStale = true;
    const table = root.slots[linear >>> SLOT_SHIFT] ?? this.createTable(root, linear, isLarge);
    return HostContext.wordIndex(table.address) + ((linear >>> PAGE_SHIFT) & INDEX_MASK);
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
    if (this.pool.left === 0) this.dropAll();
    const guestDirectory = key === UNPAGED ? undefined : this.guest.machinePage(key >>> PAGE_SHIFT);
    const root: ShadowRoot = { key, address: this.takePage(), guestDirectory, slots: Array.from({ length: ENTRIES }, () => undefined) };
    this.roots.set(key, root);
    this.counters.roots++;
    this.words[HostContext.wordIndex(root.address) + this.windowSlot] = this.windowTable | WINDOW_ENTRY;
    if (guestDirectory !== undefined) this.tables.followDirectory(guestDirectory, root);
    return root;
  }

  private createTable(root: ShadowRoot, linear: number, isLarge: boolean): ShadowTable {
    const slot = linear >>> SLOT_SHIFT;
    const table: ShadowTable = { address: this.takePage(), root, slot, guestTable: this.guestTableOf(slot, isLarge) };
    root.slots[slot] = table;
    this.words[HostContext.wordIndex(root.address) + slot] = table.address | DIRECTORY_ENTRY;
    if (table.guestTable !== undefined) this.tables.followTable(table.guestTable, table);
    return table;
  }

  private guestTableOf(slot: number, isLarge: boolean): number | undefined {
    if ((this.state[Word.CR0] & CR0.PG) === 0 || isLarge) return undefined;
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

  private isInUse(root: ShadowRoot): boolean { return root === this.current || ((root.key ^ this.key()) & FRAME_MASK) === 0; }

  private dropEntry(table: ShadowTable, index: number): void {
    const at = HostContext.wordIndex(table.address) + index;
    const page = (table.slot << TABLE_SHIFT) | index;
    // The TLBs may hold translations of a guarded page although the table has none.
    if (this.words[at] === 0 && !this.codeGuard.isGuarded(page)) return;
    this.words[at] = 0;
    if (table.root === this.current) this.forget(page);
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
    this.pool.release(table.address);
    if (root === this.current) this.isStale = true;
  }

  private dropRoot(root: ShadowRoot): void {
    for (let slot = 0; slot < ENTRIES; slot++) this.dropSlot(root, slot);
    if (root.guestDirectory !== undefined) this.tables.unfollowDirectory(root.guestDirectory, root);
    this.roots.delete(root.key);
    this.pool.release(root.address);
  }

  /** Machine-physical address of a page of zeros. */
  private takePage(): number {
    const address = this.pool.take();
    if (address === undefined) throw new Error('the pool of shadow pages is smaller than two');
    return address;
  }
}
