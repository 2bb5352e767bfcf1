import { MemoryDigest, type Digest } from '@ringbench/engine';
import { Region, type AccessBytes, type MachineMemory, type Mmu, type WalkedMemory } from '@ringbench/machine';

const PAGE_BYTES = 4096;
const PAGE_SHIFT = 12;
const OFFSET_MASK = PAGE_BYTES - 1;
const ALL_ONES = -1;
/** Address bit 20 in a page number. */
const LINE_20_PAGE = 1 << 8;
/** The machine's last page, where no machine of ours has memory: what a starved guest writes goes there. */
const LOST_PAGE = 0xfffff;
const ZEROS = new Int32Array(PAGE_BYTES / 4);

/** States of a guest page that has no machine page for itself: it was never touched; from SHARED downwards, it shows machine page SHARED - state. */
const ABSENT = -1;
const SHARED = -2;

/** Where the memory of a guest gets machine pages from, one at a time, on a machine that many share (`SharedMachine`). */
export interface PageSupply {
  /** A zeroed page, or undefined when the machine has none left. */
  take(): number | undefined;
  /** The guest no longer shows a shared page. */
  unshare(machinePage: number): void;
}

/** What a guest has of the machine's memory, in pages. */
export interface MemoryUse {
  /** For itself alone, and shown to others too. */
  readonly own: number;
  readonly shared: number;
  /** Pages that it got when it first touched them, and of these copies of shared ones, so far. */
  readonly given: number;
  readonly copied: number;
}

/**
 * A guest's physical memory as the VMM sees it: which machine page each guest page is, and access to its bytes. Beyond its end there is nothing: reads
 * give all ones and writes are ignored, as on the machine itself.
 *
 * With a supply the pages come one at a time: a page that was never touched reads as zeros and has no machine page, one that is shared may be read only. The
 * techniques map what is there, and ask for the rest (`own`) when the silicon refuses the guest's access.
 */
export class GuestMemory implements WalkedMemory {
  private readonly scratch = new Uint8Array(4);
  /** Guest pages beyond its memory that show something: ROM. */
  private readonly beyond = new Map<number, number>();
  /** Whether address line 20 reaches the guest's memory; whoever changes it has the translations made anew. */
  isLine20Enabled = true;
  private readonly scratchView = new DataView(this.scratch.buffer);
  /** Told the machine page of whatever was written here, by whomever but the silicon, and of one that the guest shows no longer because it writes to its copy. */
  onWritten: ((machinePage: number) => void) | undefined = undefined;
  /** A guest page that showed the shared machine page `from` has one of its own now: no translation may lead to the old one. */
  onMoved: ((page: number, from: number) => void) | undefined = undefined;
  /** The machine had no page left for this guest, which must not go on: what it wrote is lost. */
  isStarved = false;
  private readonly machinePages: Int32Array;
  private given = 0;
  private copied = 0;

  /** `machinePages`: the machine page of each guest page, or with a supply how many guest pages there are. */
  constructor(private readonly memory: MachineMemory, private readonly mmu: Mmu, machinePages: readonly number[] | number, private readonly supply?: PageSupply) {
    this.machinePages = typeof machinePages === 'number' ? new Int32Array(machinePages).fill(ABSENT) : Int32Array.from(machinePages);
  }

  /** Size in pages. */
  get pages(): number {
    return this.machinePages.length;
  }

  /** Machine page of a guest page as the guest's processor reaches it now, or undefined where it finds neither memory nor ROM. Gives one to a page that has none. */
  machinePage(page: number): number | undefined {
    return this.pageOnBus(this.decoded(page));
  }

  /** The same of a page that the guest is about to write to: one that it has for itself. */
  ownPage(page: number): number | undefined {
    const decoded = this.decoded(page);
    return decoded < this.machinePages.length ? this.own(decoded) : this.beyond.get(decoded);
  }

  /** Whether the guest may have a translation of a page by which it writes; true for a page that is no memory. */
  isOwn(page: number): boolean {
    const decoded = this.decoded(page);
    return decoded >= this.machinePages.length || this.machinePages[decoded] >= 0;
  }

  /** Whether `machinePage` finds something without giving a page. */
  isPresent(page: number): boolean {
    const decoded = this.decoded(page);
    return decoded < this.machinePages.length ? this.machinePages[decoded] !== ABSENT : this.beyond.has(decoded);
  }

  private decoded(page: number): number { return this.isLine20Enabled ? page : page & ~LINE_20_PAGE; }

  /** The same for a guest's device or firmware of ours, to whom address line 20 is nothing. */
  private pageOnBus(page: number): number | undefined {
    if (page >= this.machinePages.length) return this.beyond.get(page);
    const found = this.machinePages[page];
    if (found >= 0) return found;
    return found === ABSENT ? this.own(page) : SHARED - found;
  }

  /** Gives a guest page of its own to a page of its memory: zeros, or a copy of what it showed. */
  private own(page: number): number {
    const found = this.machinePages[page];
    if (found >= 0) return found;
    const machinePage = this.supply?.take();
    if (machinePage === undefined) {
      this.isStarved = true;
      return LOST_PAGE;
    }
    this.given++;
    this.machinePages[page] = machinePage;
    if (found === ABSENT) return machinePage;
    this.copied++;
    this.mmu.writePhysical(machinePage * PAGE_BYTES, this.mmu.readPhysical((SHARED - found) * PAGE_BYTES, PAGE_BYTES));
    this.supply?.unshare(SHARED - found);
    this.onMoved?.(page, SHARED - found);
    this.onWritten?.(SHARED - found);
    return machinePage;
  }

  /** The guest page that is this machine page, or the first that shows it; undefined: none. */
  guestPageOf(machinePage: number): number | undefined {
    const own = this.machinePages.indexOf(machinePage);
    const page = own >= 0 ? own : this.machinePages.indexOf(SHARED - machinePage);
    return page >= 0 ? page : undefined;
  }

  /** Shows a shared machine page from now on; the guest's own, which is returned, is no longer its. Undefined: it had none. No translation of it may be in use. */
  share(page: number, machinePage: number | undefined): number | undefined {
    const found = this.machinePages[page];
    this.machinePages[page] = machinePage === undefined ? ABSENT : SHARED - machinePage;
    return found >= 0 ? found : undefined;
  }

  /** Machine pages that it has for itself, by guest page; whoever takes them away lets go of the memory too. */
  *ownPages(): Generator<readonly [page: number, machinePage: number]> {
    for (let page = 0; page < this.machinePages.length; page++) if (this.machinePages[page] >= 0) yield [page, this.machinePages[page]];
  }

  /** Shared machine pages that it shows, one for each guest page. */
  *sharedPages(): Generator<number> {
    for (const found of this.machinePages) if (found <= SHARED) yield SHARED - found;
  }

  get use(): MemoryUse {
    let [own, shared] = [0, 0];
    for (const found of this.machinePages) {
      if (found >= 0) own++;
      else if (found <= SHARED) shared++;
    }
    return { own, shared, given: this.given, copied: this.copied };
  }

  /** Makes a guest page beyond the guest's memory show a machine page. */
  map(page: number, machinePage: number): void {
    if (page < this.machinePages.length) throw new Error(`guest page ${page} is memory`);
    this.beyond.set(page, machinePage);
  }

  read(page: number, offset: number, bytes: AccessBytes): number {
    const decoded = this.decoded(page);
    const found = decoded < this.machinePages.length ? this.machinePages[decoded] : this.beyond.get(decoded);
    if (found === ABSENT) return 0;
    if (found === undefined) return bytes === 4 ? ALL_ONES : ALL_ONES >>> (32 - 8 * bytes);
    const host = Region.RAM + (found >= 0 ? found : SHARED - found) * PAGE_BYTES + offset;
    if (bytes === 4) return this.memory.view.getInt32(host, true);
    return bytes === 2 ? this.memory.view.getUint16(host, true) : this.memory.bytes[host];
  }

  write(page: number, offset: number, bytes: AccessBytes, value: number): void {
    const machinePage = this.ownPage(page);
    if (machinePage === undefined) return;
    this.scratchView.setInt32(0, value, true);
    // Through the MMU, which tells the executor when these bytes are code.
    this.mmu.writePhysical(machinePage * PAGE_BYTES + offset, this.scratch.subarray(0, bytes));
    this.onWritten?.(machinePage);
  }

  /** Bytes from a guest-physical address on, whatever address line 20 does; ones where nothing is. */
  readBytes(physical: number, count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    for (let done = 0; done < count; ) {
      const at = physical + done;
      const part = Math.min(PAGE_BYTES - (at & OFFSET_MASK), count - done);
      const page = at >>> PAGE_SHIFT;
      if (this.machinePages[page] === ABSENT) bytes.fill(0, done, done + part);
      else {
        const machinePage = this.pageOnBus(page);
        const host = Region.RAM + (machinePage ?? 0) * PAGE_BYTES + (at & OFFSET_MASK);
        if (machinePage === undefined) bytes.fill(ALL_ONES, done, done + part);
        else bytes.set(this.memory.bytes.subarray(host, host + part), done);
      }
      done += part;
    }
    return bytes;
  }

  /** Writes bytes at a guest-physical address, whatever address line 20 does; what lies beyond the guest's memory is dropped. */
  writeBytes(physical: number, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) {
      const at = physical + done;
      const part = Math.min(PAGE_BYTES - (at & OFFSET_MASK), bytes.length - done);
      const page = at >>> PAGE_SHIFT;
      const machinePage = page < this.machinePages.length ? this.own(page) : this.beyond.get(page);
      if (machinePage !== undefined) {
        this.mmu.writePhysical(machinePage * PAGE_BYTES + (at & OFFSET_MASK), bytes.subarray(done, done + part));
        this.onWritten?.(machinePage);
      }
      done += part;
    }
  }

  /** The digest that the same memory has on a machine of its own. */
  digest(digest: Digest = new MemoryDigest()): string {
    for (const found of this.machinePages) {
      const machinePage = found >= 0 ? found : SHARED - found;
      digest.update(found === ABSENT ? ZEROS : new Int32Array(this.memory.buffer, Region.RAM + machinePage * PAGE_BYTES, PAGE_BYTES / 4));
    }
    return digest.result();
  }
}
