import { ErrorNumber } from '../abi/errors.js';
import { PAGE_BYTES, PAGE_MASK } from '../abi/memory.js';
import type { Frames } from '../memory/frames.js';
import type { MappedFile } from '../memory/regions.js';
import type { HostFile } from './open-file.js';

const LARGEST = 0x7fffffff;

/** A file in memory (memfd_create): its pages are frames of the machine, which mappings share. A page exists from its first touch on. */
export class MemoryFile implements HostFile, MappedFile {
  readonly kind = 'regular';
  readonly isReadable = true;
  readonly isWritable = true;
  readonly listeners = new Set<() => void>();
  private readonly pages = new Map<number, number>();
  private length = 0;

  constructor(private readonly frames: Frames) {}

  get size(): number { return this.length; }
  get mapped(): MappedFile { return this; }

  truncate(size: number): number {
    if (size < 0 || size > LARGEST) return -ErrorNumber.INVAL;
    for (const [page, frame] of this.pages) {
      if (page * PAGE_BYTES < size) continue;
      this.frames.release(frame);
      this.pages.delete(page);
    }
    this.length = size;
    return 0;
  }

  read(position: number, count: number): Uint8Array {
    const bytes = new Uint8Array(Math.max(0, Math.min(count, this.length - position)));
    for (let done = 0; done < bytes.length; ) {
      const at = position + done;
      const size = Math.min(PAGE_BYTES - (at & PAGE_MASK), bytes.length - done);
      const frame = this.pages.get(Math.floor(at / PAGE_BYTES));
      if (frame !== undefined) bytes.set(this.frames.read(frame + (at & PAGE_MASK), size), done);
      done += size;
    }
    return bytes;
  }

  write(position: number, bytes: Uint8Array): number {
    if (position + bytes.length > LARGEST) return -ErrorNumber.FBIG;
    this.length = Math.max(this.length, position + bytes.length);
    for (let done = 0; done < bytes.length; ) {
      const at = position + done;
      const size = Math.min(PAGE_BYTES - (at & PAGE_MASK), bytes.length - done);
      const frame = this.sharedPage(Math.floor(at / PAGE_BYTES));
      if (typeof frame !== 'number') return done === 0 ? -ErrorNumber.NOMEM : done;
      this.frames.write(frame + (at & PAGE_MASK), bytes.subarray(done, done + size));
      done += size;
    }
    return bytes.length;
  }

  sharedPage(page: number): number | undefined | 'exhausted' {
    if (page * PAGE_BYTES >= this.length) return undefined;
    const known = this.pages.get(page);
    if (known !== undefined) return known;
    const frame = this.frames.take();
    if (frame === undefined) return 'exhausted';
    this.pages.set(page, frame);
    return frame;
  }
  /** Number of the page that is in a frame, or undefined. */
  pageOfFrame(frame: number): number | undefined {
    for (const [page, own] of this.pages) if (own === frame) return page;
    return undefined;
  }
  /** Machine-physical address of a page that was touched. */
  touchedPage(page: number): number | undefined { return this.pages.get(page); }

  pageBytes(page: number): Uint8Array | undefined {
    if (page * PAGE_BYTES >= this.length) return undefined;
    const bytes = new Uint8Array(PAGE_BYTES);
    bytes.set(this.read(page * PAGE_BYTES, PAGE_BYTES));
    return bytes;
  }

  /** Mappings hold the pages that they have; those that nobody else uses go. */
  close(): void {
    for (const frame of this.pages.values()) this.frames.release(frame);
    this.pages.clear();
    this.length = 0;
  }
}

/** Shared memory without a name (MAP_SHARED | MAP_ANONYMOUS): a file that is gone when no space maps it any more. */
export class AnonymousFile extends MemoryFile {
  private readonly spaces = new Set<object>();
  readonly mappedBy = (space: object): void => { this.spaces.add(space); };
  readonly unmappedBy = (space: object): void => {
    this.spaces.delete(space);
    if (this.spaces.size === 0) this.close();
  };
}
