import { CR0, CR4, eventIndex, Vector, Word } from '@ringbench/isa';
import { Region } from '../layout.js';
import type { MachineMemory } from '../memory.js';
import { AccessChecks } from './access-checks.js';
import { bitsForRead, bitsForWrite, FaultCode, nextPage, OFFSET_MASK, PAGE_BYTES, PAGE_SHIFT, TlbEntry } from './entry.js';
import { PendingWrite } from './pending-write.js';
import { FillAccess } from './quick-fill.js';
import type { AccessBytes, CodeWriteListener, PhysicalWindow } from './physical.js';
import { PageKind, PhysicalMemory } from './physical.js';
import { CODE_ENTRIES, CodeTlb, DATA_ENTRIES, DataTlb, Obstacle, type Occupants } from './tlb.js';
import type { Violation } from './walk.js';
import { PageWalker, SECOND_LEVEL_STOP } from './walk.js';

export interface MmuOptions {
  /** Entries of the data TLB; 64 unless told, like the Pentium 4's (SDM vol. 2, CPUID descriptor 5BH). */
  readonly dataEntries?: number;
  /** Entries of the code TLB; 128 unless told, like those of Pentium 4s with CPUID descriptor 51H; the first of them had 64 (50H). */
  readonly codeEntries?: number;
  /**
   * Called after bytes of a watched page changed (by a store, `writePhysical`, or a page walk that sets a bit), with their host address and
   * number, once for each page. It sees the new bytes, and may call `watchCode` and `unwatchCode`, but no other method of the Mmu.
   */
  readonly onCodeWrite?: CodeWriteListener;
}

/** `faultVector` of a refusal by the second-level translation: no vector of the guest's; see `violation`. */
export const NO_VECTOR = -1;
/** Address or page number that stands for "faulted". */
const FAULTED = -1;
const BOUNCE_BYTES = 64;
/** Address bit 20 in a page number. */
const A20_PAGE = 1 << 8;
/** Of these the last is user level, the others are supervisor levels (SDM vol. 3, 4.1). */
const PRIVILEGE_LEVELS = 4;

const FILL_DATA = eventIndex('tlb.fill.data');
const FILL_CODE = eventIndex('tlb.fill.code');
const DIRTY_WALK = eventIndex('tlb.dirty');
const FLUSH = eventIndex('tlb.flush');

/**
 * A change of one of these CR4 bits empties the TLBs, global entries included, as a change of CR0.PG does. SDM vol. 3, 4.10.4.1 demands it for PG, PGE and
 * PAE; a processor is free to drop more, and entries made under another PSE would be of the wrong size.
 */
const FLUSHING_CR4 = CR4.PSE | CR4.PAE | CR4.PGE;

/**
 * The memory management unit: linear addresses to bytes of linear memory. Executors use the translation tables of layout.ts themselves and call
 * this for whatever the tables do not cover; that keeps the tables filled. What is architectural and what is not is in this folder's README.
 *
 * A failed access returns the documented value, sets `faulted` and records why, until `clearFault`. Nothing here throws on a guest's behalf.
 * `user` is the privilege of the access: true at CPL 3 unless the processor makes the access itself (descriptor tables, TSS).
 */
export class Mmu {
  /** True from a failed access until `clearFault`. */
  faulted = false;
  /** Vector.PF (CR2 is set then), Vector.AC, or NO_VECTOR after a second-level violation. */
  faultVector: number = NO_VECTOR;
  /** Error code of the page fault (SDM vol. 3, 4.7). */
  faultError = 0;
  readonly violation: Violation;
  /** Breakpoints and alignment. */
  readonly checks: AccessChecks;

  private readonly state: Int32Array;
  private readonly counts: Float64Array;
  private readonly words: Int32Array;
  private readonly physical: PhysicalMemory;
  private readonly walker: PageWalker;
  private readonly dataTlb: DataTlb;
  private readonly codeTlb: CodeTlb;
  private readonly occupants: Occupants = { hostsGuest: false, guestIsSupervisor: false };
  private lastCr0 = 0;
  private lastCr3 = 0;
  private lastCr4 = 0;
  private readonly pending: PendingWrite;
  /**
   * Does what `dataMiss` does in the common case, or nothing: recorded in quick-fill.ts, compiled by an executor. `access`: bits of FillAccess. Result: 1 or 0.
   */
  quickFill: (linear: number, access: number) => number = () => 0;

  constructor(private readonly memory: MachineMemory, options: MmuOptions = {}) {
    if (Region.RAM + memory.ramBytes > 0x80000000) throw new Error('RAM must end below 2 GiB of linear memory');
    this.state = memory.state;
    this.counts = memory.counts;
    this.words = memory.words;
    this.physical = new PhysicalMemory(memory, options.onCodeWrite ?? (() => {}));
    this.pending = new PendingWrite(this.physical);
    this.walker = new PageWalker(memory, this.physical);
    this.violation = this.walker.violation;
    this.dataTlb = new DataTlb(memory, options.dataEntries ?? 64, this.physical.kinds, this.state, this.occupants);
    this.codeTlb = new CodeTlb(memory, options.codeEntries ?? 128, this.physical.kinds, this.occupants);
    this.checks = new AccessChecks(this.dataTlb, this.state);
    this.noteControls();
    for (let level = 0; level < PRIVILEGE_LEVELS; level++) {
      const user = level === PRIVILEGE_LEVELS - 1;
      this.state[Word.DATA_TLB_OF_LEVEL + level] = user ? Region.DATA_READ_USER : Region.DATA_READ_SUPERVISOR;
      this.state[Word.CODE_TLB_OF_LEVEL + level] = user ? Region.CODE_USER : Region.CODE_SUPERVISOR;
    }
    this.privilegeChanged();
  }

  // ---- Accesses ----

  /** Loads a value, zero-extended into a 32-bit pattern; 0 when faulted. Of an access across pages the low page is checked first. */
  load(linear: number, bytes: AccessBytes, user: boolean): number {
    if (this.refuses(linear, bytes, false, user)) return 0;
    const offset = linear & OFFSET_MASK;
    if (offset + bytes > PAGE_BYTES) return this.loadAcross(linear, bytes, user);
    const page = this.dataPage(linear, false, user);
    return page < 0 ? 0 : this.physical.read(page, offset, bytes);
  }

  /** Stores the low bytes of a value; false when faulted, and then no byte is written. */
  store(linear: number, bytes: AccessBytes, value: number, user: boolean): boolean {
    if (this.refuses(linear, bytes, true, user)) return false;
    const offset = linear & OFFSET_MASK;
    if (offset + bytes > PAGE_BYTES) return this.storeAcross(linear, bytes, value, user);
    const page = this.dataPage(linear, true, user);
    if (page < 0) return false;
    this.physical.write(page, offset, bytes, value);
    return true;
  }

  /**
   * Begins a read-modify-write of 1 to 64 bytes: the host address where the caller finds the data and puts the result, or -1 when
   * faulted. An access across pages, or to anything but RAM, is assembled in Region.BOUNCE. After writing, call `commitWrite`; before that no
   * other method. A caller that leaves the data as they are need not commit.
   */
  translateWrite(linear: number, bytes: number, user: boolean): number {
    if (bytes > BOUNCE_BYTES) throw new Error(`an access of ${bytes} bytes does not fit the bounce area`);
    this.pending.forget();
    if (this.refuses(linear, bytes, true, user)) return FAULTED;
    const crosses = (linear & OFFSET_MASK) + bytes > PAGE_BYTES;
    const page = this.dataPage(linear, true, user);
    if (page < 0) return FAULTED;
    if (this.physical.kinds[page] === 0 && !crosses) return Region.RAM + (page << PAGE_SHIFT) + (linear & OFFSET_MASK);
    const highPage = crosses ? this.dataPage(nextPage(linear), true, user) : 0;
    return highPage < 0 ? FAULTED : this.pending.begin(linear, bytes, page, highPage);
  }

  /** Ends a read-modify-write: copies bounced data back, low page first, and reports writes to watched pages. */
  commitWrite(): void { this.pending.commit(); }

  /**
   * Checks an access of 1 to 4096 bytes without making it; false when faulted. Sets accessed and dirty bits and fills the TLB as
   * the access would, so that one made next cannot fault (stack frames of a ring transition, FSAVE).
   */
  probe(linear: number, bytes: number, write: boolean, user: boolean): boolean {
    if (this.dataPage(linear, write, user) < 0) return false;
    return (linear & OFFSET_MASK) + bytes <= PAGE_BYTES || this.dataPage(nextPage(linear), write, user) >= 0;
  }

  /**
   * Host address of a code byte, or -1 when faulted; good to the end of its page. Outside RAM it lies in a ROM or
   * in Region.OPEN_BUS, where every byte is ones; `pageOfHost` gives -1 for both.
   */
  fetch(linear: number, user: boolean): number {
    const page = this.codePage(linear, user);
    if (page < 0) return FAULTED;
    const open = (this.physical.kinds[page] & PageKind.LOAD_TRAPPED) !== 0;
    return (open ? this.physical.hostOf(page) : Region.RAM + (page << PAGE_SHIFT)) + (linear & OFFSET_MASK);
  }

  clearFault(): void {
    this.faulted = false;
    this.violation.pending = false;
  }

  // ---- Physical memory ----

  /** Reads a machine-physical 32-bit word of any alignment; all ones outside RAM. */
  loadPhysical(physical: number): number { return this.physical.loadWord(physical); }

  /** Writes a machine-physical 32-bit word of any alignment; ignored outside RAM. */
  storePhysical(physical: number, value: number): void { this.physical.storeWord(physical, value); }

  /** Reads `count` words of one page from an aligned machine-physical address into `words` from index `first` on. */
  loadPhysicalWords(physical: number, words: Int32Array, first: number, count: number): void { this.physical.loadWords(physical, words, first, count); }

  /** Writes them. */
  storePhysicalWords(physical: number, words: Int32Array, first: number, count: number): void { this.physical.storeWords(physical, words, first, count); }

  /** Writes bytes to machine-physical memory, as a device (DMA) or a monitor does, to whom A20M# is nothing; watched pages are reported. */
  writePhysical(physical: number, bytes: Uint8Array): void { this.physical.writeBytes(physical, bytes); }

  /** Machine page number of a host address in RAM, or -1. */
  pageOfHost(hostAddress: number): number { return hostAddress < Region.RAM ? -1 : (hostAddress - Region.RAM) >>> PAGE_SHIFT; }

  /** Reads bytes of machine-physical memory for someone who is not the machine: no device is asked, and device windows show the RAM beneath, if any. */
  readPhysical(physical: number, count: number): Uint8Array {
    return this.physical.readBytes(physical, count);
  }

  /** Gives whole pages to a device, or makes them ROM. */
  addWindow(window: PhysicalWindow): void {
    this.physical.addWindow(window);
    this.dataTlb.refresh();
    this.codeTlb.refresh();
  }

  // ---- Code watch ----

  /** Every store to this machine page takes the slow path from now on and is reported. Not RAM, -1 included: no effect. */
  watchCode(page: number): void { if (this.physical.setWatched(page, true)) this.dataTlb.refreshMachinePage(page); }

  unwatchCode(page: number): void { if (this.physical.setWatched(page, false)) this.dataTlb.refreshMachinePage(page); }

  /** True once a watched page was written to, until the executor sets it to false: it leaves its loop then. */
  get codeHit(): boolean { return this.physical.codeHit; }
  set codeHit(hit: boolean) { this.physical.codeHit = hit; }

  /** Replaces the listener of the options, for an executor that is made after the MMU. */
  set onCodeWrite(listener: CodeWriteListener) { this.physical.onCodeWrite = listener; }

  // ---- What the processor tells ----

  /** CPL changed: selects the translation tables. In V386 mode the guest's CPL counts the same way. */
  privilegeChanged(): void {
    const cpl = this.state[Word.CPL];
    this.state[Word.DATA_TLB] = this.state[Word.DATA_TLB_OF_LEVEL + cpl];
    this.state[Word.CODE_TLB] = this.state[Word.CODE_TLB_OF_LEVEL + cpl];
  }

  /**
   * An instruction or task switch loaded CR0, CR3 or CR4. PG, PSE, PAE or PGE changed: everything goes. Only WP changed: nothing goes,
   * for entries hold the page's bits and not the verdict. Else, a CR3 load: all but global entries go (SDM vol. 3, 4.10.4.1). With
   * both TLBs empty there is no flush to count: a transition that also calls `flushTranslations` counts one.
   */
  pagingChanged(): void {
    if (this.dataTlb.size === 0 && this.codeTlb.size === 0) {
      this.noteControls();
      return;
    }
    const cr0 = this.lastCr0 ^ this.state[Word.CR0];
    const cr4 = this.lastCr4 ^ this.state[Word.CR4];
    if ((cr0 & CR0.PG) !== 0 || (cr4 & FLUSHING_CR4) !== 0) {
      this.flushTranslations();
      return;
    }
    const loadedCr3 = (cr0 & CR0.WP) === 0 || this.lastCr3 !== this.state[Word.CR3];
    this.noteControls();
    if ((cr0 & CR0.WP) !== 0) this.dataTlb.refresh();
    if (!loadedCr3) return;
    this.counts[FLUSH]++;
    this.dataTlb.flushNonGlobal();
    this.codeTlb.flushNonGlobal();
  }

  /** Removes all entries. Entering and leaving V386 mode and changing SECOND_LEVEL_ROOT need it: entries carry no tag. */
  flushTranslations(): void {
    this.noteControls();
    this.counts[FLUSH]++;
    this.dataTlb.flushAll();
    this.codeTlb.flushAll();
  }

  /** INVLPG: the page's entries go from both TLBs, global or not. */
  invalidatePage(linear: number): void {
    this.dataTlb.invalidate(linear >>> PAGE_SHIFT);
    this.codeTlb.invalidate(linear >>> PAGE_SHIFT);
  }

  /** The A20M# pin: with `masked` address bit 20 is zero on all of the processor's accesses. Translations go when it changes. */
  set a20Masked(masked: boolean) {
    if (masked === this.a20Masked) return;
    this.walker.pageMask = masked ? ~A20_PAGE : -1;
    this.dataTlb.setObstacle(Obstacle.LINE_20, masked);
    this.physical.addressMask = masked ? ~(A20_PAGE << PAGE_SHIFT) : -1;
    this.flushTranslations();
  }
  get a20Masked(): boolean { return this.walker.pageMask !== -1; }

  // ---- A deprivileged guest ----

  /**
   * From now on ring 3 is a guest's (docs/decisions/0017-second-level-at-ring-3.md): CR0.PG, CR0.WP, CR3 and the paging bits of CR4 are the guest's own and
   * are for ring 3 alone, whose addresses are translated again by the page directory at `root`; other accesses have physical addresses.
   */
  hostGuest(root: number): void {
    this.state[Word.SECOND_LEVEL_ROOT] = root;
    this.occupants.hostsGuest = true;
    this.dataTlb.setObstacle(Obstacle.HOSTS_GUEST, true);
    this.walker.hostsGuest = true;
    this.flushTranslations();
  }
  /** Whether ring 3 stands for the guest's supervisor: its accesses are judged as such, and their page faults say so. */
  set guestIsSupervisor(is: boolean) {
    if (is === this.occupants.guestIsSupervisor) return;
    this.occupants.guestIsSupervisor = is;
    this.dataTlb.refresh();
    this.codeTlb.refresh();
  }

  // ---- Translation ----

  /** Records #AC(0) when an access is refused. */
  private refuses(linear: number, bytes: number, write: boolean, user: boolean): boolean {
    if (this.checks.admits(linear, bytes, write, user)) return false;
    this.faulted = true;
    this.faultVector = Vector.AC;
    this.faultError = 0;
    return true;
  }

  /** Machine page number for a data access, or -1 when faulted. */
  private dataPage(linear: number, write: boolean, atUserLevel: boolean): number {
    const { hostsGuest, guestIsSupervisor } = this.occupants;
    if (hostsGuest && !atUserLevel) return this.physicalPage(linear);
    const user = atUserLevel && !guestIsSupervisor;
    const needed = write ? bitsForWrite(user, (this.state[Word.CR0] & CR0.WP) !== 0) : bitsForRead(user);
    const entry = this.words[DATA_ENTRIES + (linear >>> PAGE_SHIFT)];
    return (entry & needed) === needed ? entry >>> PAGE_SHIFT : this.dataMiss(linear, write, user, entry, needed);
  }

  /**
   * An entry that lacks only DIRTY gets it by a walk and keeps its place. An entry that refuses the access goes, as a page fault removes it
   * (SDM vol. 3, 4.10.4.1), and the tables decide: a stale entry may allow too much but never causes a fault of its own.
   */
  private dataMiss(linear: number, write: boolean, user: boolean, entry: number, needed: number): number {
    const page = linear >>> PAGE_SHIFT;
    if (this.quickFill(linear, (write ? FillAccess.WRITE : 0) | (user ? FillAccess.USER : 0)) !== 0) return this.words[DATA_ENTRIES + page] >>> PAGE_SHIFT;
    const allowed = needed & ~TlbEntry.DIRTY;
    const clean = (entry & allowed) === allowed;
    if (!clean) this.dataTlb.drop(page);
    const filled = this.walker.walk(linear, write, user, false);
    if (filled === 0) {
      if (clean) this.dataTlb.drop(page);
      return this.recordFault(linear);
    }
    if (clean) {
      this.counts[DIRTY_WALK]++;
      this.dataTlb.replace(page, filled);
    } else {
      this.counts[FILL_DATA]++;
      this.dataTlb.insert(page, filled);
    }
    return filled >>> PAGE_SHIFT;
  }

  private physicalPage(address: number): number { return (address >>> PAGE_SHIFT) & this.walker.pageMask; }

  /** Machine page number for an instruction fetch, or -1 when faulted. */
  private codePage(linear: number, atUserLevel: boolean): number {
    const { hostsGuest, guestIsSupervisor } = this.occupants;
    if (hostsGuest && !atUserLevel) return this.physicalPage(linear);
    const user = atUserLevel && !guestIsSupervisor;
    const page = linear >>> PAGE_SHIFT;
    const needed = bitsForRead(user);
    const entry = this.words[CODE_ENTRIES + page];
    if ((entry & needed) === needed) return entry >>> PAGE_SHIFT;
    this.codeTlb.drop(page);
    const filled = this.walker.walk(linear, false, user, true);
    if (filled === 0) return this.recordFault(linear);
    this.counts[FILL_CODE]++;
    this.codeTlb.insert(page, filled);
    return filled >>> PAGE_SHIFT;
  }

  private recordFault(linear: number): -1 {
    this.faulted = true;
    const { faultError } = this.walker;
    const isGuestFault = faultError !== SECOND_LEVEL_STOP;
    this.faultVector = isGuestFault || this.occupants.hostsGuest ? Vector.PF : NO_VECTOR;
    if (this.faultVector === NO_VECTOR) return FAULTED;
    this.faultError = isGuestFault ? faultError : FaultCode.SECOND_LEVEL | (this.violation.write ? FaultCode.WRITE : 0);
    this.state[Word.CR2] = isGuestFault ? linear : this.violation.guestPhysical;
    return FAULTED;
  }

  private loadAcross(linear: number, bytes: AccessBytes, user: boolean): number {
    const low = this.dataPage(linear, false, user);
    if (low < 0) return 0;
    const high = this.dataPage(nextPage(linear), false, user);
    if (high < 0) return 0;
    const lowBytes = PAGE_BYTES - (linear & OFFSET_MASK);
    this.physical.copyOut(low, linear & OFFSET_MASK, lowBytes, Region.BOUNCE);
    this.physical.copyOut(high, 0, bytes - lowBytes, Region.BOUNCE + lowBytes);
    return bytes === 2 ? this.memory.view.getUint16(Region.BOUNCE, true) : this.memory.view.getInt32(Region.BOUNCE, true);
  }

  private storeAcross(linear: number, bytes: AccessBytes, value: number, user: boolean): boolean {
    const low = this.dataPage(linear, true, user);
    if (low < 0) return false;
    const high = this.dataPage(nextPage(linear), true, user);
    if (high < 0) return false;
    const lowBytes = PAGE_BYTES - (linear & OFFSET_MASK);
    this.memory.view.setInt32(Region.BOUNCE, value, true);
    this.physical.copyIn(low, linear & OFFSET_MASK, lowBytes, Region.BOUNCE);
    this.physical.copyIn(high, 0, bytes - lowBytes, Region.BOUNCE + lowBytes);
    return true;
  }

  private noteControls(): void {
    this.lastCr0 = this.state[Word.CR0];
    this.lastCr3 = this.state[Word.CR3];
    this.lastCr4 = this.state[Word.CR4];
  }
}
