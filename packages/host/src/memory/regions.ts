import { PAGE_BYTES } from '../abi/memory.js';

/** Where the pages of a mapping of a file come from. */
export interface MappedFile {
  /** Machine-physical address of a page of the file for all who share it; undefined beyond its end, 'exhausted' when memory is. */
  sharedPage(page: number): number | undefined | 'exhausted';
  /** The bytes of a page, zeros behind the end of the file; undefined beyond it. */
  pageBytes(page: number): Uint8Array | undefined;
  /** For what lives as long as it is mapped: a space maps it from now on, or not at all any more. */
  readonly mappedBy?: (space: object) => void;
  readonly unmappedBy?: (space: object) => void;
}

/** A range of a process's linear addresses with the same rights and origin. Whole pages, unsigned addresses. */
export interface MemoryRegion {
  readonly start: number;
  /** First address behind. */
  readonly end: number;
  readonly protection: number;
  readonly isShared: boolean;
  /** Absent: zeros. */
  readonly file?: MappedFile;
  /** Byte offset of `start` in the file. */
  readonly offset: number;
  /** A stack: grows downwards when it is touched below. */
  readonly growsDown?: boolean;
}

function part(region: MemoryRegion, start: number, end: number): MemoryRegion {
  return { ...region, start, end, offset: region.offset + start - region.start };
}

function continues(low: MemoryRegion, high: MemoryRegion): boolean {
  return low.end === high.start && low.protection === high.protection && low.isShared === high.isShared && low.file === high.file && low.growsDown !== true && high.growsDown !== true
    && (low.file === undefined || low.offset + low.end - low.start === high.offset);
}

/** The regions of an address space, disjoint and in order. */
export class Regions {
  private list: MemoryRegion[] = [];

  all(): readonly MemoryRegion[] { return this.list; }

  copy(): Regions {
    const copy = new Regions();
    copy.list = [...this.list];
    return copy;
  }

  find(address: number): MemoryRegion | undefined {
    const at = this.firstEndingAbove(address);
    return at < this.list.length && this.list[at].start <= address ? this.list[at] : undefined;
  }
  /** The first region above an address that is in none. */
  above(address: number): MemoryRegion | undefined { return this.list[this.firstEndingAbove(address)]; }

  /** Puts a region where nothing is; those that continue each other become one. */
  insert(region: MemoryRegion): void {
    let at = this.firstEndingAbove(region.start);
    let whole = region;
    if (at > 0 && continues(this.list[at - 1], whole)) {
      at--;
      whole = { ...this.list[at], end: whole.end };
      this.list.splice(at, 1);
    }
    if (at < this.list.length && continues(whole, this.list[at])) {
      whole = { ...whole, end: this.list[at].end };
      this.list.splice(at, 1);
    }
    this.list.splice(at, 0, whole);
  }

  /** Takes out all that lies in a range; what it was, in order. */
  remove(start: number, end: number): readonly MemoryRegion[] {
    const removed: MemoryRegion[] = [];
    for (let at = this.firstEndingAbove(start); at < this.list.length && this.list[at].start < end; ) {
      const region = this.list[at];
      const [from, to] = [Math.max(start, region.start), Math.min(end, region.end)];
      removed.push(part(region, from, to));
      const rest = [...(region.start < from ? [part(region, region.start, from)] : []), ...(to < region.end ? [part(region, to, region.end)] : [])];
      this.list.splice(at, 1, ...rest);
      at += rest.length;
    }
    return removed;
  }

  /** Whether a range is covered without a hole. */
  covers(start: number, end: number): boolean {
    let reached = start;
    for (let at = this.firstEndingAbove(start); at < this.list.length && reached < end && this.list[at].start <= reached; at++) reached = this.list[at].end;
    return reached >= end;
  }

  /** The highest gap of so many bytes that ends at `top` or below and begins at `bottom` or above; its first address. */
  findGap(bytes: number, bottom: number, top: number): number | undefined {
    let end = top;
    for (let at = this.list.length - 1; at >= 0; at--) {
      const region = this.list[at];
      if (region.start >= end) continue;
      if (region.end <= end && end - region.end >= bytes) break;
      end = Math.min(end, region.start);
    }
    return end - bytes >= bottom ? end - bytes : undefined;
  }

  /** Lets a stack grow down to the page of an address below it. */
  grow(region: MemoryRegion, address: number): void {
    const at = this.list.indexOf(region);
    const start = address - (address % PAGE_BYTES);
    this.list[at] = { ...region, start, offset: 0 };
  }

  private firstEndingAbove(address: number): number {
    let [low, high] = [0, this.list.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.list[middle].end > address) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
