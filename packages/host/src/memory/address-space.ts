import { PagingEntry, type Machine } from '@ringbench/machine';
import type { Allocator } from '@ringbench/vmm';
import { ErrorNumber } from '../abi/errors.js';
import { LOWEST_ADDRESS, MapFlag, MAP_LIMIT, MAP_TOP, pageCeiling, pageFloor, PAGE_BYTES, PAGE_MASK, Protection, TASK_SIZE } from '../abi/memory.js';
import { Signal, SignalCode } from '../abi/signals.js';
import type { HostCounters } from '../events.js';
import type { Frames } from './frames.js';
import { frameOf, PageTables } from './page-tables.js';
import { Regions, type MappedFile, type MemoryRegion } from './regions.js';

const PRESENT_USER = PagingEntry.PRESENT | PagingEntry.USER;
const LIMIT_STACK = 8 << 20;

/** What address spaces are made of. */
export interface SpaceServices {
  readonly machine: Machine;
  readonly allocator: Allocator;
  readonly frames: Frames;
  readonly counters: HostCounters;
  /** Machine-physical address of the page table in which every space has the host's kernel. */
  readonly kernelTable: number;
  /** The pages at these linear addresses are no longer what tables with this directory said: the silicon must not go on believing it. */
  readonly onChanged: (directory: number, pages: readonly number[]) => void;
  /** Tables with this directory are no more. */
  readonly onFreed: (directory: number) => void;
}

/** Why a page fault cannot be answered: the signal that it becomes, or no memory. */
export type FaultProblem = { readonly signal: number; readonly code: number } | 'exhausted';

/** What mmap asks for; `flags` and `protection` as in the ABI, the rest whole pages. */
export interface MapRequest {
  readonly address: number;
  readonly bytes: number;
  readonly protection: number;
  readonly flags: number;
  readonly file?: MappedFile;
  readonly offset: number;
}

const isValid = (start: number, bytes: number): boolean => (start & PAGE_MASK) === 0 && start + bytes <= TASK_SIZE;

/** The linear address space of one process or several: what is mapped where, and the page tables that the silicon walks. Addresses are unsigned. */
export class AddressSpace {
  /** Processes that run in it, and others who hold it. */
  users = 1;
  /** End of the heap, and where it began. */
  heapStart = 0;
  heapEnd = 0;
  private regions = new Regions();

  private constructor(private readonly services: SpaceServices, private readonly tables: PageTables) {}

  /** An empty space; undefined when memory is exhausted. */
  static make(services: SpaceServices): AddressSpace | undefined {
    const tables = PageTables.make(services.machine, services.allocator, services.counters, services.kernelTable);
    return tables === undefined ? undefined : new AddressSpace(services, tables);
  }

  /** For CR3. */
  get directory(): number { return this.tables.directory; }
  mappings(): readonly MemoryRegion[] { return this.regions.all(); }

  // ---- what is mapped

  /** mmap. The address, or a negative error. */
  map({ address, bytes, protection, flags, file, offset }: MapRequest): number {
    const size = pageCeiling(bytes);
    const type = flags & MapFlag.TYPE;
    if (bytes === 0 || (type !== MapFlag.SHARED && type !== MapFlag.PRIVATE) || (offset & PAGE_MASK) !== 0) return -ErrorNumber.INVAL;
    const isFixed = (flags & (MapFlag.FIXED | MapFlag.FIXED_NO_REPLACE)) !== 0;
    if (isFixed && (address & PAGE_MASK) !== 0) return -ErrorNumber.INVAL;
    const start = isFixed ? address : this.choose(address, size);
    if (start === undefined || start + size > MAP_LIMIT) return -ErrorNumber.NOMEM;
    if (start < LOWEST_ADDRESS) return -ErrorNumber.PERM;
    if ((flags & MapFlag.FIXED_NO_REPLACE) !== 0 && (this.regions.above(start)?.start ?? TASK_SIZE) < start + size) return -ErrorNumber.EXIST;
    this.clear(start, start + size);
    const isShared = type === MapFlag.SHARED;
    file?.mappedBy?.(this);
    const growsDown = (flags & MapFlag.GROWS_DOWN) !== 0 ? { growsDown: true } : {};
    this.regions.insert({ start, end: start + size, protection: protection & Protection.ALL, isShared, offset: file === undefined ? 0 : offset, ...(file === undefined ? {} : { file }), ...growsDown });
    if ((flags & MapFlag.POPULATE) !== 0) for (let page = start; page < start + size; page += PAGE_BYTES) if (this.fault(page, !isShared && (protection & Protection.WRITE) !== 0) !== undefined) break;
    return start;
  }

  /** munmap. 0 or a negative error. */
  unmap(start: number, bytes: number): number {
    if (bytes === 0 || !isValid(start, pageCeiling(bytes))) return -ErrorNumber.INVAL;
    this.clear(start, start + pageCeiling(bytes));
    return 0;
  }

  /** mprotect. 0 or a negative error. */
  protect(start: number, bytes: number, protection: number): number {
    const end = start + pageCeiling(bytes);
    if ((start & PAGE_MASK) !== 0 || (protection & ~Protection.ALL) !== 0) return -ErrorNumber.INVAL;
    if (end > TASK_SIZE || !this.regions.covers(start, end)) return -ErrorNumber.NOMEM;
    for (const region of this.regions.remove(start, end)) this.regions.insert({ ...region, protection });
    const changed: number[] = [];
    for (const page of this.tables.present(start, end)) {
      const region = this.regions.find(page);
      if (region === undefined) throw new Error(`a page at ${page.toString(16)} is present and not mapped`);
      const [before, after] = [this.tables.entry(page), this.entryFor(region, frameOf(this.tables.entry(page)))];
      this.tables.put(page, after);
      if ((before & PagingEntry.PRESENT) !== 0 && (before & (PRESENT_USER | PagingEntry.WRITABLE)) !== (after & (PRESENT_USER | PagingEntry.WRITABLE))) changed.push(page);
    }
    this.announce(changed);
    return 0;
  }

  /** brk: the end of the heap as it is then. */
  setHeapEnd(wanted: number): number {
    if (wanted < this.heapStart || wanted > MAP_TOP) return this.heapEnd;
    const [from, to] = [pageCeiling(this.heapEnd), pageCeiling(wanted)];
    if (to > from) {
      if ((this.regions.above(from)?.start ?? TASK_SIZE) < to) return this.heapEnd;
      this.regions.insert({ start: from, end: to, protection: Protection.READ | Protection.WRITE, isShared: false, offset: 0 });
    } else this.clear(to, from);
    this.heapEnd = wanted;
    return wanted;
  }

  // ---- faults

  /** A page fault of the process, or of the host on its behalf: undefined when the access can be made now. */
  fault(address: number, write: boolean): FaultProblem | undefined {
    const page = pageFloor(address);
    const region = this.regions.find(address) ?? this.grownStack(address);
    if (region === undefined) return { signal: Signal.SEGV, code: SignalCode.MAP_ERROR };
    const needed = write ? Protection.WRITE : Protection.ALL;
    if ((region.protection & needed) === 0) return { signal: Signal.SEGV, code: SignalCode.ACCESS_ERROR };
    const entry = this.tables.entry(page);
    this.services.counters.count('host.fault');
    return entry === 0 ? this.bringIn(region, page) : this.makeWritable(region, page, entry, write);
  }

  /** The first touch of a page. */
  private bringIn(region: MemoryRegion, page: number): FaultProblem | undefined {
    const { frames } = this.services;
    const { file } = region;
    const filePage = (region.offset + page - region.start) / PAGE_BYTES;
    if (file !== undefined && region.isShared) {
      const frame = file.sharedPage(filePage);
      if (frame === 'exhausted') return frame;
      if (frame === undefined) return { signal: Signal.BUS, code: SignalCode.BEYOND_FILE };
      frames.share(frame);
      return this.enter(region, page, frame);
    }
    const bytes = file?.pageBytes(filePage);
    if (file !== undefined && bytes === undefined) return { signal: Signal.BUS, code: SignalCode.BEYOND_FILE };
    const frame = frames.take();
    if (frame === undefined) return 'exhausted';
    if (bytes !== undefined) frames.write(frame, bytes);
    return this.enter(region, page, frame);
  }

  private enter(region: MemoryRegion, page: number, frame: number): FaultProblem | undefined {
    if (this.tables.put(page, this.entryFor(region, frame))) return undefined;
    this.services.frames.release(frame);
    return 'exhausted';
  }

  /** A page that is there, but not for this access: a copy on write, or rights that were taken and given back. */
  private makeWritable(region: MemoryRegion, page: number, entry: number, write: boolean): FaultProblem | undefined {
    const { frames, counters } = this.services;
    let frame = frameOf(entry);
    if (write && !region.isShared && frames.usersOf(frame) > 1) {
      const copy = frames.take();
      if (copy === undefined) return 'exhausted';
      counters.count('host.fault.copy');
      frames.copy(frame, copy);
      frames.release(frame);
      frame = copy;
    }
    this.tables.put(page, this.entryFor(region, frame));
    if ((entry & PagingEntry.PRESENT) !== 0) this.services.onChanged(this.directory, [page]);
    return undefined;
  }

  private grownStack(address: number): MemoryRegion | undefined {
    const region = this.regions.above(address);
    if (region?.growsDown !== true || region.end - pageFloor(address) > LIMIT_STACK) return undefined;
    this.regions.grow(region, address);
    return this.regions.find(address);
  }

  /** A page that others may have too is read-only until it is written. */
  private entryFor(region: MemoryRegion, frame: number): number {
    if ((region.protection & Protection.ALL) === 0) return frame;
    const isOwn = region.isShared || this.services.frames.usersOf(frame) === 1;
    return frame | PRESENT_USER | ((region.protection & Protection.WRITE) !== 0 && isOwn ? PagingEntry.WRITABLE : 0);
  }

  // ---- the host's own access

  /** Machine-physical address behind a linear one as the process could read, or write, it; undefined where it could not. */
  reach(address: number, write: boolean): number | undefined {
    if (address >= MAP_LIMIT) return undefined;
    const needed = PRESENT_USER | (write ? PagingEntry.WRITABLE : 0);
    if ((this.tables.entry(address) & needed) !== needed && this.fault(address, write) !== undefined) return undefined;
    return frameOf(this.tables.entry(address)) + (address & PAGE_MASK);
  }

  /** The frame that is mapped at an address now, or undefined; looking changes nothing. */
  present(address: number): number | undefined {
    const entry = this.tables.entry(address);
    return (entry & PagingEntry.PRESENT) === 0 ? undefined : frameOf(entry);
  }

  /** Undefined unless the process could read all of it. */
  readBytes(address: number, count: number): Uint8Array | undefined {
    for (let page = pageFloor(address); page < address + count; page += PAGE_BYTES) if (this.reach(page, false) === undefined) return undefined;
    const bytes = new Uint8Array(count);
    for (let done = 0; done < count; ) {
      const physical = this.reach(address + done, false);
      if (physical === undefined) return undefined;
      const size = Math.min(PAGE_BYTES - ((address + done) & PAGE_MASK), count - done);
      bytes.set(this.services.frames.read(physical, size), done);
      done += size;
    }
    return bytes;
  }

  /** False unless the process could write all of it; what lies before the first page that it could not is written. */
  writeBytes(address: number, bytes: Uint8Array): boolean {
    for (let done = 0; done < bytes.length; ) {
      const physical = this.reach(address + done, true);
      if (physical === undefined) return false;
      const size = Math.min(PAGE_BYTES - ((address + done) & PAGE_MASK), bytes.length - done);
      this.services.frames.write(physical, bytes.subarray(done, done + size));
      done += size;
    }
    return true;
  }

  /** A debugger's access, which no protection stops but the absence of memory (ptrace POKEDATA). */
  pokeWord(address: number, value: number): boolean {
    const region = this.regions.find(address);
    if (region === undefined || (address & PAGE_MASK) > PAGE_BYTES - 4) return false;
    const bytes = new Uint8Array(Int32Array.of(value).buffer);
    if ((region.protection & Protection.WRITE) !== 0) return this.writeBytes(address, bytes);
    this.protect(pageFloor(address), PAGE_BYTES, region.protection | Protection.WRITE);
    const done = this.writeBytes(address, bytes);
    this.protect(pageFloor(address), PAGE_BYTES, region.protection);
    return done;
  }

  // ---- life and death

  /** The space of a forked process: private pages are shared until one of the two writes. Undefined when memory is exhausted. */
  fork(): AddressSpace | undefined {
    const child = AddressSpace.make(this.services);
    if (child === undefined) return undefined;
    child.regions = this.regions.copy();
    child.heapStart = this.heapStart;
    child.heapEnd = this.heapEnd;
    const changed: number[] = [];
    for (const region of this.regions.all()) {
      region.file?.mappedBy?.(child);
      for (const page of this.tables.present(region.start, region.end)) {
        const entry = this.tables.entry(page);
        const shared = region.isShared ? entry : entry & ~PagingEntry.WRITABLE;
        if (!child.tables.put(page, shared)) {
          child.release();
          return undefined;
        }
        this.services.frames.share(frameOf(entry));
        if (shared === entry) continue;
        this.tables.put(page, shared);
        changed.push(page);
      }
    }
    this.announce(changed);
    return child;
  }

  /** Another user of the same space. */
  share(): this {
    this.users++;
    return this;
  }

  /** One user less; the last one takes the memory with it. */
  release(): void {
    if (--this.users > 0) return;
    for (const page of this.tables.present(0, TASK_SIZE)) this.services.frames.release(frameOf(this.tables.entry(page)));
    const regions = this.regions.all();
    this.regions = new Regions();
    this.noteUnmapped(regions);
    this.services.onFreed(this.directory);
    this.tables.free();
  }

  private choose(hint: number, size: number): number | undefined {
    const wanted = pageFloor(hint);
    if (wanted >= LOWEST_ADDRESS && wanted + size <= MAP_LIMIT && (this.regions.above(wanted)?.start ?? TASK_SIZE) >= wanted + size) return wanted;
    return this.regions.findGap(size, LOWEST_ADDRESS, MAP_TOP);
  }

  private clear(start: number, end: number): void {
    const changed: number[] = [];
    const removed = this.regions.remove(start, end);
    for (const page of this.tables.present(start, end)) {
      const entry = this.tables.entry(page);
      this.tables.put(page, 0);
      this.services.frames.release(frameOf(entry));
      if ((entry & PagingEntry.PRESENT) !== 0) changed.push(page);
    }
    this.noteUnmapped(removed);
    this.announce(changed);
  }

  private noteUnmapped(removed: readonly MemoryRegion[]): void {
    for (const { file } of removed) if (file?.unmappedBy !== undefined && !this.regions.all().some((region) => region.file === file)) file.unmappedBy(this);
  }

  private announce(pages: readonly number[]): void {
    for (let page = 0; page < pages.length; page++) this.services.counters.count('host.unmap');
    if (pages.length > 0) this.services.onChanged(this.directory, pages);
  }
}
