import { ErrorNumber } from '../abi/errors.js';
import { PAGE_BYTES } from '../abi/memory.js';
import type { MappedFile } from '../memory/regions.js';
import type { HostFile } from './open-file.js';

/** A file of the host's that nobody changes: the bytes of an image or an archive. */
export class ByteFile implements HostFile, MappedFile {
  readonly kind = 'regular';
  readonly isReadable = true;
  readonly isWritable = true;
  readonly listeners = new Set<() => void>();

  constructor(private readonly bytes: Uint8Array) {}

  get size(): number { return this.bytes.length; }
  get mapped(): MappedFile { return this; }
  read(position: number, count: number): Uint8Array { return this.bytes.slice(position, position + count); }
  write(): number { return -ErrorNumber.BADF; }
  truncate(): number { return -ErrorNumber.INVAL; }
  /** There is no page that others share: mapped shared, it has nothing. */
  sharedPage(): undefined { return undefined; }
  pageBytes(page: number): Uint8Array | undefined {
    if (page * PAGE_BYTES >= this.bytes.length) return undefined;
    const bytes = new Uint8Array(PAGE_BYTES);
    bytes.set(this.bytes.subarray(page * PAGE_BYTES, (page + 1) * PAGE_BYTES));
    return bytes;
  }
  close(): void { /* The bytes are the caller's. */ }
}
