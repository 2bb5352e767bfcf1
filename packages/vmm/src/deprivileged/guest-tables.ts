import { PagingEntry } from '@ringbench/machine';
import { HostContext } from '../host-context.js';
import type { ShadowCounters } from './shadow-counters.js';
import type { ShadowRoot, ShadowTable } from './shadow-tables.js';

const ENTRIES = 1024;
const PAGE_BYTES = 4096;
const PAGE_SHIFT = 12;
/** Writes to one shadowed table without a shadow made from it in between, after which it is taken for something else by now. */
const WRITES_OF_A_FORMER_TABLE = 24;
/** Remembered writers of one page, above which those that are none any more are forgotten for the first time. */
const MANY_WRITERS = 32;
const ENTRY_USED = PagingEntry.WRITABLE | PagingEntry.PRESENT;

/** What has to go when guest tables change. */
export interface ShadowEvents {
  /** Whether a root is the guest's or the silicon's present one, or for the same directory. */
  readonly isInUse: (root: ShadowRoot) => boolean;
  readonly dropRoot: (root: ShadowRoot) => void;
  readonly dropTable: (table: ShadowTable) => void;
  readonly dropSlot: (root: ShadowRoot, slot: number) => void;
  readonly dropEntry: (table: ShadowTable, index: number) => void;
  /** The silicon may hold translations that are no longer there. */
  readonly stale: () => void;
}

/** A page of the guest's that something was made from: shadows, of a directory, a page table, or both, or mirrors of code. */
class FollowedPage {
  readonly roots = new Set<ShadowRoot>();
  readonly tables = new Set<ShadowTable>();
  isCode = false;
  writes = 0;
  get isIdle(): boolean { return this.roots.size === 0 && this.tables.size === 0 && !this.isCode; }
}

/** Shadow entries that were made writable and map one page, as indices of machine words; some may have changed since. */
interface Writers {
  readonly entries: number[];
  /** Number of them at which to look which are left. */
  limit: number;
}

/** A shadowed table that one instruction may write. */
interface Grant {
  readonly page: number;
  readonly before: Int32Array;
  /** Entries that let it, as indices of machine words. */
  readonly entries: number[];
}

/**
 * Which pages of the guest are page tables that shadows were made from, or code that is mirrored. They are write-protected. A store to one is let through for a single instruction;
 * then the page is compared with what it was, and the shadows of the entries that changed are dropped. A store to code: see code-guard.ts. Pages are machine pages.
 */
export class GuestTables {
  private readonly followed = new Map<number, FollowedPage>();
  private readonly writers = new Map<number, Writers>();
  private readonly grants = new Map<number, Grant>();

  constructor(private readonly words: Int32Array, private readonly counters: ShadowCounters, private readonly events: ShadowEvents) {}

  isFollowed(page: number): boolean { return this.followed.has(page); }
  get hasGrants(): boolean { return this.grants.size !== 0; }

  /** No shadow is left. */
  clear(): void {
    for (const [page, known] of this.followed) {
      if (known.isCode) continue;
      this.followed.delete(page);
    }
    this.writers.clear();
    this.grants.clear();
  }

  followDirectory(page: number, root: ShadowRoot): void { this.follow(page).roots.add(root); }
  followTable(page: number, table: ShadowTable): void { this.follow(page).tables.add(table); }
  followCode(page: number): void { this.follow(page).isCode = true; }
  unfollowCode(page: number): void {
    const known = this.followed.get(page);
    if (known === undefined) return;
    known.isCode = false;
    if (known.isIdle) this.followed.delete(page);
  }
  unfollowDirectory(page: number, root: ShadowRoot): void {
    const known = this.followed.get(page);
    known?.roots.delete(root);
    if (known?.isIdle === true) this.followed.delete(page);
  }
  unfollowTable(page: number, table: ShadowTable): void {
    const known = this.followed.get(page);
    known?.tables.delete(table);
    if (known?.isIdle === true) this.followed.delete(page);
  }

  /** Whether the shadow entry at a word index may map a page writable. `write`: it is about to be written, which nobody does to code. */
  admitWriter(page: number, entry: number, write: boolean): boolean {
    const known = this.followed.get(page);
    if (known === undefined) {
      this.remember(page, entry);
      return true;
    }
    if (!write) return false;
    if (++known.writes > WRITES_OF_A_FORMER_TABLE && this.release(page, known, entry)) return true;
    this.grant(page, entry);
    return true;
  }

  /** An entry of a guest table has, or may have, another value. */
  entryChanged(page: number, index: number): void {
    const known = this.followed.get(page);
    if (known === undefined) return;
    for (const root of known.roots) this.events.dropSlot(root, index);
    for (const table of known.tables) this.events.dropEntry(table, index);
  }

  endGrants(): void {
    for (const { page, before, entries } of this.grants.values()) {
      for (const entry of entries) this.words[entry] &= ~PagingEntry.WRITABLE;
      const first = HostContext.wordIndex(page * PAGE_BYTES);
      for (let index = 0; index < ENTRIES; index++) if (this.words[first + index] !== before[index]) this.entryChanged(page, index);
    }
    this.grants.clear();
    this.events.stale();
  }

  private follow(page: number): FollowedPage {
    const known = this.followed.get(page);
    if (known !== undefined) {
      known.writes = 0;
      return known;
    }
    const made = new FollowedPage();
    this.followed.set(page, made);
    this.protect(page);
    return made;
  }

  /** Takes the permission to write from every entry that maps the page. */
  private protect(page: number): void {
    const writers = this.writers.get(page);
    if (writers === undefined) return;
    this.writers.delete(page);
    for (const entry of writers.entries) if (this.isWriter(entry, page)) this.words[entry] &= ~PagingEntry.WRITABLE;
    this.events.stale();
  }

  private isWriter(entry: number, page: number): boolean {
    const value = this.words[entry];
    return (value & ENTRY_USED) === ENTRY_USED && value >>> PAGE_SHIFT === page;
  }

  private remember(page: number, entry: number): void {
    const writers = this.writers.get(page);
    if (writers === undefined) {
      this.writers.set(page, { entries: [entry], limit: MANY_WRITERS });
      return;
    }
    const { entries } = writers;
    if (entries.length >= writers.limit) {
      const left = [...new Set(entries)].filter((each) => this.isWriter(each, page));
      entries.length = 0;
      for (const each of left) entries.push(each);
      // Twice as many, so that looking costs each entry a constant.
      writers.limit = Math.max(MANY_WRITERS, 2 * left.length);
    }
    entries.push(entry);
  }

  private grant(page: number, entry: number): void {
    this.counters.tableWrites++;
    const known = this.grants.get(page);
    if (known !== undefined) {
      known.entries.push(entry);
      return;
    }
    const first = HostContext.wordIndex(page * PAGE_BYTES);
    this.grants.set(page, { page, before: this.words.slice(first, first + ENTRIES), entries: [entry] });
  }

  /** Stops following a table. False where that would take away what is being filled: the present directory, or a table through which it maps itself. */
  private release(page: number, known: FollowedPage, entry: number): boolean {
    for (const root of known.roots) if (this.events.isInUse(root)) return false;
    for (const table of known.tables) {
      const first = HostContext.wordIndex(table.address);
      if (entry >= first && entry < first + ENTRIES) return false;
    }
    this.counters.releases++;
    for (const root of known.roots) this.events.dropRoot(root);
    for (const table of known.tables) this.events.dropTable(table);
    for (const granted of this.grants.get(page)?.entries ?? []) this.remember(page, granted);
    this.grants.delete(page);
    this.remember(page, entry);
    return true;
  }
}
