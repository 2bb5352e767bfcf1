import { CR0, Word } from '@ringbench/isa';
import { NO_ENTRY, Region } from '../layout.js';
import type { MachineMemory } from '../memory.js';
import { bitsForRead, bitsForWrite, FRAME_MASK, LARGE_PAGE_SHIFT, PAGE_SHIFT, TlbEntry } from './entry.js';
import { PageKind } from './physical.js';

/** Words at a TLB's region: what it keeps besides its entries. OBSTACLES: bits of `Obstacle`. SPARE: written where nothing is to be. */
export const TlbWord = { OLDEST: 0, COUNT: 1, CAPACITY: 2, MAY_HOLD_LARGE: 3, OBSTACLES: 4, SPARE: 5, QUEUE: 8 } as const;
/** The queue fills the rest of the region's page. */
const MOST_TLB_ENTRIES = 1024 - TlbWord.QUEUE;
/** Reasons for which entries and page tables alone do not say what the translation tables get: a quick fill leaves then. */
export const Obstacle = { HOSTS_GUEST: 1 << 0, BREAKPOINTS: 1 << 1, ALIGNMENT: 1 << 2, LINE_20: 1 << 3 } as const;

/**
 * A fully associative TLB with first-in first-out replacement. Hits need no bookkeeping, so the contents are a function of the misses
 * and invalidations alone, whichever executor runs and however it finds its hits. The entries themselves are the words at `entryTable` in
 * linear memory, by linear page; the queue here remembers which there are, oldest first, so that a flush costs what was filled.
 *
 * Invariant: the words of the translation tables are a function of the entries, CR0.WP, the page kinds, and what is watched. Subclasses say which (`expose`).
 */
abstract class Tlb {
  protected readonly words: Int32Array;
  /** Index in `words` of what is beside the queue, and of the queue. */
  private readonly control: number;
  private readonly queue: number;

  constructor(memory: MachineMemory, private readonly entryTable: number, region: number, readonly capacity: number) {
    if (!Number.isInteger(capacity) || capacity < 1) throw new Error('a TLB needs a positive number of entries');
    if (capacity > MOST_TLB_ENTRIES) throw new Error(`a TLB has at most ${MOST_TLB_ENTRIES} entries`);
    this.words = memory.words;
    this.control = region >> 2;
    this.queue = this.control + TlbWord.QUEUE;
    this.words[this.control + TlbWord.CAPACITY] = capacity;
    memory.onReset(() => {
      this.flushAll();
      this.words.fill(0, this.control, this.queue + MOST_TLB_ENTRIES);
    });
  }

  private get count(): number { return this.words[this.control + TlbWord.COUNT]; }
  private set count(count: number) { this.words[this.control + TlbWord.COUNT] = count; }
  private get oldest(): number { return this.words[this.control + TlbWord.OLDEST]; }
  private set oldest(oldest: number) { this.words[this.control + TlbWord.OLDEST] = oldest; }
  /** False while certainly no entry is a piece of a 4 MB page. */
  private get mayHoldLarge(): boolean { return this.words[this.control + TlbWord.MAY_HOLD_LARGE] !== 0; }
  private set mayHoldLarge(may: boolean) { this.words[this.control + TlbWord.MAY_HOLD_LARGE] = may ? 1 : 0; }

  /** Writes the words of the translation tables for an entry; a zero entry removes them. */
  protected abstract expose(page: number, entry: number): void;

  /** Number of entries held. */
  get size(): number {
    return this.count;
  }

  /** Puts in an entry for a linear page that has none; the oldest entry goes if there is no room. */
  insert(page: number, entry: number): void {
    if (this.count === this.capacity) {
      this.forget(this.words[this.queue + this.oldest]);
      this.oldest = this.position(1);
      this.count--;
    }
    this.words[this.at(this.count)] = page;
    this.count++;
    this.replace(page, entry);
  }

  /** Changes the entry of a linear page that has one; its place in the queue stays. */
  replace(page: number, entry: number): void {
    if ((entry & TlbEntry.LARGE) !== 0) this.mayHoldLarge = true;
    this.words[this.entryTable + page] = entry;
    this.expose(page, entry);
  }

  /** Removes the entry of a linear page, if there is one. */
  drop(page: number): void {
    if (this.words[this.entryTable + page] === 0) return;
    let place = 0;
    while (place < this.count && this.words[this.at(place)] !== page) place++;
    if (place === this.count) throw new Error(`TLB entry of page ${page} is not in the queue`);
    this.close(place);
    this.forget(page);
  }
  /** Takes a place out of the queue. The shorter side moves: what a guest unmaps is often the oldest that there is. */
  private close(gap: number): void {
    const { words } = this;
    let place = gap;
    if (2 * place < this.count) {
      for (; place > 0; place--) words[this.at(place)] = words[this.at(place - 1)];
      this.oldest = this.position(1);
    } else {
      for (; place < this.count - 1; place++) words[this.at(place)] = words[this.at(place + 1)];
    }
    this.count--;
  }

  /** INVLPG: also removes every other piece of a 4 MB page around it (SDM vol. 3, 4.10.4.1). */
  invalidate(page: number): void {
    this.drop(page);
    if (!this.mayHoldLarge) return;
    this.keepWhere((other, entry) => (entry & TlbEntry.LARGE) === 0 || other >>> LARGE_PAGE_SHIFT !== page >>> LARGE_PAGE_SHIFT);
  }

  flushAll(): void {
    for (let place = 0; place < this.count; place++) this.forget(this.words[this.at(place)]);
    this.count = 0;
    this.mayHoldLarge = false;
  }

  /** Removes all but global entries; those keep their order. */
  flushNonGlobal(): void {
    this.keepWhere(isGlobal);
  }

  /** Writes the translation tables' words again, after CR0.WP or page kinds changed. */
  refresh(): void {
    for (let place = 0; place < this.count; place++) {
      const page = this.words[this.at(place)];
      this.expose(page, this.words[this.entryTable + page]);
    }
  }

  /** As `refresh`, for the entries that map to one machine page. */
  refreshMachinePage(machinePage: number): void {
    for (let place = 0; place < this.count; place++) {
      const page = this.words[this.at(place)];
      const entry = this.words[this.entryTable + page];
      if (entry >>> PAGE_SHIFT === machinePage) this.expose(page, entry);
    }
  }

  private keepWhere(keeps: (page: number, entry: number) => boolean): void {
    let kept = 0;
    for (let place = 0; place < this.count; place++) {
      const page = this.words[this.at(place)];
      if (keeps(page, this.words[this.entryTable + page])) this.words[this.at(kept++)] = page;
      else this.forget(page);
    }
    this.count = kept;
  }

  private forget(page: number): void {
    this.words[this.entryTable + page] = 0;
    this.expose(page, 0);
  }

  /** Index in `words` of the queue's place for an entry. */
  private at(place: number): number { return this.queue + this.position(place); }
  /** Index in the queue of the entry that is `place` places younger than the oldest. */
  private position(place: number): number {
    const index = this.oldest + place;
    return index < this.capacity ? index : index - this.capacity;
  }
}

function isGlobal(_page: number, entry: number): boolean {
  return (entry & TlbEntry.GLOBAL) !== 0;
}

/** Word of a translation table: host address minus linear address, modulo 2^32. */
function delta(page: number, entry: number): number {
  return (Region.RAM + (entry & FRAME_MASK) - (page << PAGE_SHIFT)) | 0;
}

export const DATA_ENTRIES = Region.DATA_TLB_ENTRY >>> 2;
export const CODE_ENTRIES = Region.CODE_TLB_ENTRY >>> 2;
const READ_SUPERVISOR = Region.DATA_READ_SUPERVISOR >>> 2;
const WRITE_SUPERVISOR = Region.DATA_WRITE_SUPERVISOR >>> 2;
const READ_USER = Region.DATA_READ_USER >>> 2;
const WRITE_USER = Region.DATA_WRITE_USER >>> 2;
const CODE_SUPERVISOR = Region.CODE_SUPERVISOR >>> 2;
const CODE_USER = Region.CODE_USER >>> 2;

const USER_READ_BITS = bitsForRead(true);
const USER_WRITE_BITS = bitsForWrite(true, true);

/** Whose translations the TLBs hold. */
export interface Occupants {
  /** Only those of a deprivileged guest at ring 3: supervisor accesses are not translated, and find nothing in the tables. */
  hostsGuest: boolean;
  /** And ring 3 now stands for that guest's supervisor. */
  guestIsSupervisor: boolean;
}

export class DataTlb extends Tlb {
  /** Notes whether there is one of the reasons for which only the whole MMU may fill (bits of `Obstacle`). */
  setObstacle(obstacle: number, isThere: boolean): void {
    const at = (Region.DATA_TLB_QUEUE >> 2) + TlbWord.OBSTACLES;
    this.words[at] = isThere ? this.words[at] | obstacle : this.words[at] & ~obstacle;
  }
  /** Linear pages kept out of the tables because of data breakpoints. */
  readonly watched = new Set<number>();
  /** Keeps everything out of the user tables: each access of ring 3 is checked for alignment. */
  hidesUser = false;

  constructor(memory: MachineMemory, capacity: number, private readonly kinds: Uint8Array, private readonly state: Int32Array, private readonly occupants: Occupants) {
    super(memory, DATA_ENTRIES, Region.DATA_TLB_QUEUE, capacity);
  }

  protected override expose(page: number, entry: number): void {
    const words = this.words;
    const kind = this.kinds[entry >>> PAGE_SHIFT];
    const direct = delta(page, entry);
    const hidden = this.watched.size !== 0 && this.watched.has(page);
    const readable = entry !== 0 && (kind & PageKind.LOAD_TRAPPED) === 0 && !hidden;
    const writable = kind === 0 && !hidden;
    const supervisorBits = bitsForWrite(false, (this.state[Word.CR0] & CR0.WP) !== 0);
    const { hostsGuest, guestIsSupervisor } = this.occupants;
    const userReadBits = guestIsSupervisor ? bitsForRead(false) : USER_READ_BITS;
    const userWriteBits = guestIsSupervisor ? supervisorBits : USER_WRITE_BITS;
    words[READ_SUPERVISOR + page] = readable && !hostsGuest ? direct : NO_ENTRY;
    words[READ_USER + page] = readable && !this.hidesUser && (entry & userReadBits) === userReadBits ? direct : NO_ENTRY;
    words[WRITE_SUPERVISOR + page] = writable && !hostsGuest && (entry & supervisorBits) === supervisorBits ? direct : NO_ENTRY;
    words[WRITE_USER + page] = writable && !this.hidesUser && (entry & userWriteBits) === userWriteBits ? direct : NO_ENTRY;
  }
}

export class CodeTlb extends Tlb {
  constructor(memory: MachineMemory, capacity: number, private readonly kinds: Uint8Array, private readonly occupants: Occupants) {
    super(memory, CODE_ENTRIES, Region.CODE_TLB_QUEUE, capacity);
  }

  protected override expose(page: number, entry: number): void {
    const direct = delta(page, entry);
    const readable = entry !== 0 && (this.kinds[entry >>> PAGE_SHIFT] & PageKind.LOAD_TRAPPED) === 0;
    const { hostsGuest, guestIsSupervisor } = this.occupants;
    const userBits = guestIsSupervisor ? bitsForRead(false) : USER_READ_BITS;
    this.words[CODE_SUPERVISOR + page] = readable && !hostsGuest ? direct : NO_ENTRY;
    this.words[CODE_USER + page] = readable && (entry & userBits) === userBits ? direct : NO_ENTRY;
  }
}
