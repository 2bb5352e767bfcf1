import { CR0, CR4, eventIndex, Word } from '@ringbench/isa';
import type { MachineMemory } from '../memory.js';
import { FaultCode, FRAME_MASK, OFFSET_MASK, PAGE_SHIFT, PagingEntry, TlbEntry } from './entry.js';
import type { AccessBytes } from './physical.js';

/** `PageWalker.faultError` of a walk that the second-level translation stopped. */
export const SECOND_LEVEL_STOP = -1;

/**
 * What the second-level translation refused (docs/v386-mode.md). Valid while `pending`; not a #PF: CR2 stays, and the guest sees nothing.
 * Addresses are unsigned byte addresses.
 */
export interface Violation {
  pending: boolean;
  /** Guest-physical address that could not be translated. */
  guestPhysical: number;
  /** Linear address of the guest's access. */
  linear: number;
  /** What was refused is a write: the guest's store, or the update of an accessed or dirty bit. */
  write: boolean;
  /** The guest's access is an instruction fetch. */
  fetch: boolean;
  /** `guestPhysical` is that of a guest paging-structure entry. */
  duringWalk: boolean;
  /** The page is mapped, only not writable. */
  present: boolean;
}

/** Physical memory as a walk sees it: by page number and offset, never across a page. A VMM gives its guest's. */
export interface WalkedMemory {
  read(page: number, offset: number, bytes: AccessBytes): number;
  write(page: number, offset: number, bytes: AccessBytes, value: number): void;
}

/** Where a guest paging-structure entry lies and what it says. */
class StructureEntry {
  guestAddress = 0;
  machineAddress = 0;
  /** The second-level translation lets it be written. */
  writable = false;
  value = 0;
}

const WALK_READS = eventIndex('walk.reads');
const WALK_WRITES = eventIndex('walk.writes');
/** Byte offset of an entry in its table: an index of ten bits times four. */
export const ENTRY_OFFSET = 0xffc;
/** Shifts that bring bits 31-22 and 21-12 of a linear address to ENTRY_OFFSET. */
export const DIRECTORY_SHIFT = 20;
export const TABLE_SHIFT = 10;
/** Bits of a linear address that a 4 MB page leaves to the 4 KB piece. */
export const LARGE_PIECE = 0x3ff000;
export const LARGE_FRAME = 0xffc00000 | 0;
const PERMISSIONS = PagingEntry.WRITABLE | PagingEntry.USER;
/** With paging off everything is allowed and there is nothing to set. */
const UNPAGED = PERMISSIONS | PagingEntry.DIRTY;

/**
 * Walks the guest's two-level page tables (SDM vol. 3, 4.3), each address translated by the second-level tables in V386 mode: then a walk
 * reads (2+1)(2+1)-1 = 8 entries (Bhargava et al., ASPLOS 2008). A walk has its effects at the end: where it faults or is refused, no accessed or
 * dirty bit has been set.
 *
 * Order of checks: directory entry, table entry, reserved bits as each is read, the guest's permissions, the second-level translation
 * of the page, second-level write permission for the bits to set. So a guest's own fault wins over a violation by the page itself.
 */
export class PageWalker {
  /** Why the last walk failed: the error code of its #PF, or SECOND_LEVEL_STOP, which leaves `violation` filled. */
  faultError = 0;
  readonly violation: Violation = { pending: false, guestPhysical: 0, linear: 0, write: false, fetch: false, duringWalk: false, present: false };

  private readonly state: Int32Array;
  private readonly counts: Float64Array;
  private readonly directory = new StructureEntry();
  private readonly table = new StructureEntry();
  private linear = 0;
  private write = false;
  private user = false;
  private fetch = false;
  private nested = false;
  /** What is walked for is a deprivileged guest (`Mmu.hostGuest`), whose addresses are translated again outside V386 mode too. */
  hostsGuest = false;
  /** Page-number bits that reach the bus: all, or with A20M# asserted all but address bit 20 (SDM vol. 3, 8.7.13.4). */
  pageMask = -1;
  /** Second-level write permission of the page last translated by `toMachine`. */
  private machineWritable = false;

  constructor(memory: Pick<MachineMemory, 'state' | 'counts'>, private readonly physical: WalkedMemory) {
    this.state = memory.state;
    this.counts = memory.counts;
  }

  /** Translates for one access and sets accessed and dirty bits: a TLB word (never zero), or 0 on failure. */
  walk(linear: number, write: boolean, user: boolean, fetch: boolean): number {
    this.linear = linear;
    this.write = write;
    this.user = user;
    this.fetch = fetch;
    this.nested = (this.hostsGuest || this.state[Word.IN_V386] !== 0) && this.state[Word.SECOND_LEVEL_ROOT] !== 0;
    if ((this.state[Word.CR0] & CR0.PG) === 0) return this.complete(linear & FRAME_MASK, UNPAGED);
    const directory = this.directory;
    if (!this.read(directory, (this.state[Word.CR3] & FRAME_MASK) | ((linear >>> DIRECTORY_SHIFT) & ENTRY_OFFSET))) return 0;
    if ((directory.value & PagingEntry.PRESENT) === 0) return this.pageFault(0);
    if ((directory.value & PagingEntry.PAGE_SIZE) !== 0 && (this.state[Word.CR4] & CR4.PSE) !== 0) return this.walkLarge();
    return this.walkTable();
  }

  private walkLarge(): number {
    const { value } = this.directory;
    if ((value & PagingEntry.RESERVED_LARGE) !== 0) return this.pageFault(FaultCode.PRESENT | FaultCode.RESERVED);
    if (!this.permitted(value)) return this.pageFault(FaultCode.PRESENT);
    const entry = this.complete((value & LARGE_FRAME) | (this.linear & LARGE_PIECE), (value & PERMISSIONS) | this.leafBits(value) | TlbEntry.LARGE);
    const used = this.usedBits();
    if (entry === 0 || !this.mayUpdate(this.directory, used)) return 0;
    this.update(this.directory, used);
    return entry;
  }

  private walkTable(): number {
    const { directory, table } = this;
    if (!this.read(table, (directory.value & FRAME_MASK) | ((this.linear >>> TABLE_SHIFT) & ENTRY_OFFSET))) return 0;
    const { value } = table;
    if ((value & PagingEntry.PRESENT) === 0) return this.pageFault(0);
    if ((value & PagingEntry.RESERVED_TABLE) !== 0 && (this.state[Word.CR4] & CR4.PSE) !== 0) {
      return this.pageFault(FaultCode.PRESENT | FaultCode.RESERVED);
    }
    const permissions = directory.value & value & PERMISSIONS;
    if (!this.permitted(permissions)) return this.pageFault(FaultCode.PRESENT);
    const entry = this.complete(value & FRAME_MASK, permissions | this.leafBits(value));
    const used = this.usedBits();
    if (entry === 0 || !this.mayUpdate(directory, PagingEntry.ACCESSED) || !this.mayUpdate(table, used)) return 0;
    this.update(directory, PagingEntry.ACCESSED);
    this.update(table, used);
    return entry;
  }

  /** SDM vol. 3, 4.6, on the AND of both levels' bits. */
  private permitted(permissions: number): boolean {
    if (this.user) return (permissions & PagingEntry.USER) !== 0 && (!this.write || (permissions & PagingEntry.WRITABLE) !== 0);
    return !this.write || (permissions & PagingEntry.WRITABLE) !== 0 || (this.state[Word.CR0] & CR0.WP) === 0;
  }

  /** DIRTY and GLOBAL of the TLB word, from the entry that maps the page (SDM vol. 3, 4.8 and 4.10.2.4). */
  private leafBits(leaf: number): number {
    const dirty = this.write ? PagingEntry.DIRTY : leaf & PagingEntry.DIRTY;
    return (this.state[Word.CR4] & CR4.PGE) === 0 ? dirty : dirty | (leaf & PagingEntry.GLOBAL);
  }

  private usedBits(): number {
    return this.write ? PagingEntry.ACCESSED | PagingEntry.DIRTY : PagingEntry.ACCESSED;
  }

  /** The second-level translation of the page itself; the TLB word, or 0. */
  private complete(guestPage: number, bits: number): number {
    const machinePage = this.toMachine(guestPage);
    if (machinePage < 0) return this.violate(guestPage | (this.linear & OFFSET_MASK), this.write, false, false);
    if (this.write && !this.machineWritable) return this.violate(guestPage | (this.linear & OFFSET_MASK), true, false, true);
    const writable = this.machineWritable ? TlbEntry.MACHINE_WRITABLE : 0;
    return (machinePage << PAGE_SHIFT) | bits | writable | TlbEntry.PRESENT;
  }

  /** Reads a guest paging-structure entry at a guest-physical address; false on a violation. */
  private read(into: StructureEntry, guestAddress: number): boolean {
    const machinePage = this.toMachine(guestAddress);
    if (machinePage < 0) {
      this.violate(guestAddress, false, true, false);
      return false;
    }
    into.guestAddress = guestAddress;
    into.machineAddress = (machinePage << PAGE_SHIFT) | (guestAddress & OFFSET_MASK);
    into.writable = this.machineWritable;
    into.value = this.readWord(into.machineAddress);
    return true;
  }

  private mayUpdate(entry: StructureEntry, bits: number): boolean {
    if (entry.writable || (entry.value & bits) === bits) return true;
    this.violate(entry.guestAddress, true, true, true);
    return false;
  }

  private update(entry: StructureEntry, bits: number): void {
    if ((entry.value & bits) === bits) return;
    this.counts[WALK_WRITES]++;
    this.physical.write(entry.machineAddress >>> PAGE_SHIFT, entry.machineAddress & OFFSET_MASK, 4, entry.value | bits);
  }

  /**
   * Machine page number of a guest-physical address, or -1 where the second-level tables map nothing. Their entries have the format of
   * the guest's; PRESENT and WRITABLE count, all else is ignored (no user bit, no 4 MB pages), and nothing is set in them.
   */
  private toMachine(guestAddress: number): number {
    this.machineWritable = true;
    if (!this.nested) return (guestAddress >>> PAGE_SHIFT) & this.pageMask;
    const root = this.state[Word.SECOND_LEVEL_ROOT] & FRAME_MASK;
    const upper = this.readWord(root | ((guestAddress >>> DIRECTORY_SHIFT) & ENTRY_OFFSET));
    if ((upper & PagingEntry.PRESENT) === 0) return -1;
    const lower = this.readWord((upper & FRAME_MASK) | ((guestAddress >>> TABLE_SHIFT) & ENTRY_OFFSET));
    if ((lower & PagingEntry.PRESENT) === 0) return -1;
    this.machineWritable = (upper & lower & PagingEntry.WRITABLE) !== 0;
    return (lower >>> PAGE_SHIFT) & this.pageMask;
  }

  private readWord(machineAddress: number): number {
    this.counts[WALK_READS]++;
    return this.physical.read((machineAddress >>> PAGE_SHIFT) & this.pageMask, machineAddress & OFFSET_MASK, 4);
  }

  private pageFault(cause: number): 0 {
    this.faultError = cause | (this.write ? FaultCode.WRITE : 0) | (this.user ? FaultCode.USER : 0);
    return 0;
  }

  private violate(guestPhysical: number, write: boolean, duringWalk: boolean, present: boolean): 0 {
    const { violation } = this;
    violation.pending = true;
    violation.guestPhysical = guestPhysical >>> 0;
    violation.linear = this.linear >>> 0;
    violation.write = write;
    violation.fetch = this.fetch;
    violation.duringWalk = duringWalk;
    violation.present = present;
    this.faultError = SECOND_LEVEL_STOP;
    return 0;
  }
}
