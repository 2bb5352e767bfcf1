import type { MachineMemory } from '../memory.js';
import { Region } from '../layout.js';
import { ADDRESS_SPACE_PAGES, OFFSET_MASK, PAGE_BYTES, PAGE_SHIFT } from './entry.js';

/** Width of one access in bytes. */
export type AccessBytes = 1 | 2 | 4;

/**
 * A range of whole physical pages whose accesses go to a device. Without `read` the pages are ROM: reads and fetches come from the RAM
 * beneath, which the machine's builder has filled, or from `host`. Values are 32-bit patterns; narrower reads are zero-extended.
 */
export interface PhysicalWindow {
  /** First physical byte address, a multiple of 4096. */
  readonly start: number;
  /** Length, a multiple of 4096. */
  readonly bytes: number;
  /** Host address of the ROM's bytes, for a window beyond the end of RAM. */
  readonly host?: number;
  read?(physical: number, bytes: AccessBytes): number;
  write(physical: number, bytes: AccessBytes, value: number): void;
}

/** Called after bytes of a watched page were stored, with the host address of the first and their number (never across a page). */
export type CodeWriteListener = (hostAddress: number, bytes: number) => void;

/** What keeps a page out of the translation tables. Zero is ordinary RAM. */
export const PageKind = {
  /** Holds decoded code: stores are reported. */
  WATCHED: 1 << 0,
  /** Loads do not come from RAM: a device, or nothing is there. */
  LOAD_TRAPPED: 1 << 1,
  /** Stores do not go to RAM: a device, ROM, or nothing is there. */
  STORE_TRAPPED: 1 << 2,
} as const;

const ALL_ONES = -1;

/**
 * Machine physical memory, page by page: RAM, windows, and nothing (reads all ones, ignores writes). Addresses are given as a page number
 * and an offset, both small integers, because a 32-bit physical address does not fit V8's smallest integers; the accesses by byte address are for the
 * processor itself, devices and monitors.
 */
export class PhysicalMemory {
  /** PageKind bits of each physical page. */
  readonly kinds: Uint8Array;
  /** Address bits that the processor's own accesses by byte address have: all, or with A20M# asserted all but bit 20. */
  addressMask = -1;
  /** Set when a watched page was stored to; stays until its reader clears it. */
  codeHit = false;
  private readonly windows: PhysicalWindow[] = [];
  private readonly ramPages: number;
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private readonly words: Int32Array;

  constructor(memory: MachineMemory, public onCodeWrite: CodeWriteListener) {
    this.bytes = memory.bytes;
    this.view = memory.view;
    this.words = memory.words;
    this.ramPages = memory.ramBytes >>> PAGE_SHIFT;
    this.kinds = memory.bytes.subarray(Region.PAGE_KINDS, Region.PAGE_KINDS + ADDRESS_SPACE_PAGES);
    memory.onReset(() => this.kinds.fill(0));
    this.kinds.fill(PageKind.LOAD_TRAPPED | PageKind.STORE_TRAPPED, this.ramPages);
  }

  addWindow(window: PhysicalWindow): void {
    if (window.start % PAGE_BYTES !== 0 || window.bytes % PAGE_BYTES !== 0) throw new Error('a physical window must consist of whole pages');
    this.windows.push(window);
    const kind = window.read === undefined ? PageKind.STORE_TRAPPED : PageKind.STORE_TRAPPED | PageKind.LOAD_TRAPPED;
    for (let page = window.start / PAGE_BYTES; page < (window.start + window.bytes) / PAGE_BYTES; page++) this.kinds[page] |= kind;
  }

  /** Marks a RAM page as watched or not; false when nothing changed. Other pages hold no decoded code: nothing to watch. */
  setWatched(page: number, watched: boolean): boolean {
    if (page < 0 || page >= this.ramPages) return false;
    const kind = this.kinds[page];
    const next = watched ? kind | PageKind.WATCHED : kind & ~PageKind.WATCHED;
    this.kinds[page] = next;
    return next !== kind;
  }

  /** Reads within one page. */
  read(page: number, offset: number, bytes: AccessBytes): number {
    if ((this.kinds[page] & PageKind.LOAD_TRAPPED) !== 0) return this.readTrapped(page, offset, bytes);
    return this.readHost(Region.RAM + (page << PAGE_SHIFT) + offset, bytes);
  }

  /** Writes within one page. */
  write(page: number, offset: number, bytes: AccessBytes, value: number): void {
    const kind = this.kinds[page];
    if ((kind & PageKind.STORE_TRAPPED) !== 0) {
      this.writeTrapped(page, offset, bytes, value);
      return;
    }
    const host = Region.RAM + (page << PAGE_SHIFT) + offset;
    if (bytes === 4) this.view.setInt32(host, value, true);
    else if (bytes === 1) this.bytes[host] = value;
    else this.view.setUint16(host, value, true);
    if (kind !== 0) this.reportCodeWrite(host, bytes);
  }

  /** Reads a 32-bit word of any alignment, by its byte address. */
  loadWord(address: number): number {
    const physical = address & this.addressMask;
    let value = 0;
    if ((physical & OFFSET_MASK) + 4 <= PAGE_BYTES) return this.read(physical >>> PAGE_SHIFT, physical & OFFSET_MASK, 4);
    for (let i = 0; i < 4; i++) value |= this.read((physical + i) >>> PAGE_SHIFT, (physical + i) & OFFSET_MASK, 1) << (8 * i);
    return value;
  }

  /** Writes a 32-bit word of any alignment. */
  storeWord(address: number, value: number): void {
    const physical = address & this.addressMask;
    if ((physical & OFFSET_MASK) + 4 <= PAGE_BYTES) {
      this.write(physical >>> PAGE_SHIFT, physical & OFFSET_MASK, 4, value);
      return;
    }
    for (let i = 0; i < 4; i++) this.write((physical + i) >>> PAGE_SHIFT, (physical + i) & OFFSET_MASK, 1, value >>> (8 * i));
  }

  /** Reads `count` words of one page from an aligned address into `words` from index `first` on. */
  loadWords(address: number, words: Int32Array, first: number, count: number): void {
    const physical = address & this.addressMask;
    if (this.kinds[physical >>> PAGE_SHIFT] !== 0) {
      for (let i = 0; i < count; i++) words[first + i] = this.loadWord(physical + 4 * i);
      return;
    }
    const start = (Region.RAM >>> 2) + (physical >>> 2);
    for (let i = 0; i < count; i++) words[first + i] = this.words[start + i];
  }

  /** Writes them. */
  storeWords(address: number, words: Int32Array, first: number, count: number): void {
    const physical = address & this.addressMask;
    if (this.kinds[physical >>> PAGE_SHIFT] !== 0) {
      for (let i = 0; i < count; i++) this.storeWord(physical + 4 * i, words[first + i]);
      return;
    }
    const start = (Region.RAM >>> 2) + (physical >>> 2);
    for (let i = 0; i < count; i++) this.words[start + i] = words[first + i];
  }

  /** Writes bytes, of any number of pages. */
  writeBytes(physical: number, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) {
      const page = (physical + done) >>> PAGE_SHIFT;
      const offset = (physical + done) & OFFSET_MASK;
      const part = Math.min(PAGE_BYTES - offset, bytes.length - done);
      const kind = this.kinds[page];
      if ((kind & PageKind.STORE_TRAPPED) !== 0) {
        for (let i = 0; i < part; i++) this.write(page, offset + i, 1, bytes[done + i]);
      } else {
        const host = Region.RAM + (page << PAGE_SHIFT) + offset;
        this.bytes.set(bytes.subarray(done, done + part), host);
        if (kind !== 0) this.reportCodeWrite(host, part);
      }
      done += part;
    }
  }

  /** Reads bytes, of any number of pages, without asking a device: what is not memory is ones. Addresses wrap at 4 GB. */
  readBytes(physical: number, count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    for (let done = 0; done < count; ) {
      const page = ((physical + done) >>> PAGE_SHIFT) % ADDRESS_SPACE_PAGES;
      const offset = (physical + done) & OFFSET_MASK;
      const part = Math.min(PAGE_BYTES - offset, count - done);
      const host = (page < this.ramPages ? Region.RAM + (page << PAGE_SHIFT) : this.hostOf(page)) + offset;
      bytes.set(this.bytes.subarray(host, host + part), done);
      done += part;
    }
    return bytes;
  }

  /** Copies bytes of one page to host memory; one device access where the width allows it, else byte by byte. */
  copyOut(page: number, offset: number, bytes: number, host: number): void {
    if (bytes === 1 || bytes === 2 || bytes === 4) {
      const value = this.read(page, offset, bytes);
      for (let i = 0; i < bytes; i++) this.bytes[host + i] = value >>> (8 * i);
      return;
    }
    for (let i = 0; i < bytes; i++) this.bytes[host + i] = this.read(page, offset + i, 1);
  }

  /** Copies bytes from host memory into one page; a watched page is reported once. */
  copyIn(page: number, offset: number, bytes: number, host: number): void {
    if ((this.kinds[page] & PageKind.STORE_TRAPPED) !== 0) {
      this.copyInTrapped(page, offset, bytes, host);
      return;
    }
    const target = Region.RAM + (page << PAGE_SHIFT) + offset;
    this.bytes.copyWithin(target, host, host + bytes);
    if (this.kinds[page] !== 0) this.reportCodeWrite(target, bytes);
  }

  reportCodeWrite(host: number, bytes: number): void {
    this.codeHit = true;
    this.onCodeWrite(host, bytes);
  }

  private copyInTrapped(page: number, offset: number, bytes: number, host: number): void {
    if (bytes === 1 || bytes === 2 || bytes === 4) {
      let value = 0;
      for (let i = 0; i < bytes; i++) value |= this.bytes[host + i] << (8 * i);
      this.writeTrapped(page, offset, bytes, value);
      return;
    }
    for (let i = 0; i < bytes; i++) this.writeTrapped(page, offset + i, 1, this.bytes[host + i]);
  }

  private readTrapped(page: number, offset: number, bytes: AccessBytes): number {
    const window = this.windowAt(page);
    const value = window?.host === undefined ? window?.read?.(page * PAGE_BYTES + (offset & OFFSET_MASK), bytes) ?? ALL_ONES : this.readHost(this.hostOf(page) + offset, bytes);
    if (bytes === 4) return value | 0;
    return bytes === 1 ? value & 0xff : value & 0xffff;
  }

  /** Host address where instructions are fetched from a page whose loads are trapped: ROM, or a page of ones. */
  hostOf(page: number): number {
    const window = this.windowAt(page);
    return window?.host === undefined ? Region.OPEN_BUS : window.host + page * PAGE_BYTES - window.start;
  }

  private readHost(host: number, bytes: AccessBytes): number {
    if (bytes === 4) return this.view.getInt32(host, true);
    return bytes === 1 ? this.bytes[host] : this.view.getUint16(host, true);
  }

  private writeTrapped(page: number, offset: number, bytes: AccessBytes, value: number): void {
    this.windowAt(page)?.write(page * PAGE_BYTES + (offset & OFFSET_MASK), bytes, value);
  }

  private windowAt(page: number): PhysicalWindow | undefined {
    const address = page * PAGE_BYTES;
    for (const window of this.windows) if (address >= window.start && address < window.start + window.bytes) return window;
    return undefined;
  }
}
