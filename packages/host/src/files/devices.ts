import { ErrorNumber } from '../abi/errors.js';
import { SECTOR_BYTES, type BlockStore } from '@ringbench/machine';
import { WOULD_BLOCK, type HostFile } from './open-file.js';
import { PIPE_BYTES } from './pipe.js';

const NO_BYTES = new Uint8Array(0);

/** What processes read from the outside, byte by byte, and to which they write: standard streams. */
export class StreamFile implements HostFile {
  readonly kind = 'pipe';
  readonly isWritable = true;
  readonly size = undefined;
  readonly listeners = new Set<() => void>();
  private waiting: number[] = [];

  /** @param onByte takes each byte that is written; absent for a stream that is only read. */
  constructor(private readonly onByte?: (byte: number) => void) {}

  get isReadable(): boolean { return this.waiting.length > 0; }

  /** A byte from the outside; false when too many wait. */
  receive(byte: number): boolean {
    if (this.waiting.length >= PIPE_BYTES) return false;
    this.waiting.push(byte);
    for (const listener of this.listeners) listener();
    return true;
  }
  read(_position: number, count: number): Uint8Array | typeof WOULD_BLOCK {
    if (count === 0) return NO_BYTES;
    if (this.waiting.length === 0) return WOULD_BLOCK;
    return Uint8Array.from(this.waiting.splice(0, count));
  }
  write(_position: number, bytes: Uint8Array): number {
    if (this.onByte === undefined) return -ErrorNumber.BADF;
    for (const byte of bytes) this.onByte(byte);
    return bytes.length;
  }
  truncate(): number { return -ErrorNumber.INVAL; }
  close(): void { /* The outside stays. */ }
}

/** /dev/null. */
export class NullFile implements HostFile {
  readonly kind = 'characters';
  readonly isReadable = true;
  readonly isWritable = true;
  readonly size = undefined;
  readonly listeners = new Set<() => void>();
  read(): Uint8Array { return NO_BYTES; }
  write(_position: number, bytes: Uint8Array): number { return bytes.length; }
  truncate(): number { return -ErrorNumber.INVAL; }
  close(): void { /* Nothing was open. */ }
}

/** A disk as a file of the host's. */
export class DiskFile implements HostFile {
  readonly kind = 'regular';
  readonly isReadable = true;
  readonly isWritable = true;
  readonly listeners = new Set<() => void>();

  constructor(private readonly store: BlockStore) {}

  get size(): number { return this.store.sectors * SECTOR_BYTES; }

  read(position: number, count: number): Uint8Array | number {
    const bytes = new Uint8Array(Math.max(0, Math.min(count, this.size - position)));
    const sector = new Uint8Array(SECTOR_BYTES);
    for (let done = 0; done < bytes.length; ) {
      const [number, offset] = [Math.floor((position + done) / SECTOR_BYTES), (position + done) % SECTOR_BYTES];
      if (!this.store.read(number, 1, sector)) return done === 0 ? -ErrorNumber.IO : done;
      const size = Math.min(SECTOR_BYTES - offset, bytes.length - done);
      bytes.set(sector.subarray(offset, offset + size), done);
      done += size;
    }
    return bytes;
  }
  write(position: number, bytes: Uint8Array): number {
    const count = Math.max(0, Math.min(bytes.length, this.size - position));
    const sector = new Uint8Array(SECTOR_BYTES);
    for (let done = 0; done < count; ) {
      const [number, offset] = [Math.floor((position + done) / SECTOR_BYTES), (position + done) % SECTOR_BYTES];
      const size = Math.min(SECTOR_BYTES - offset, count - done);
      if (size < SECTOR_BYTES && !this.store.read(number, 1, sector)) return -ErrorNumber.IO;
      sector.set(bytes.subarray(done, done + size), offset);
      if (!this.store.write(number, 1, sector)) return done === 0 ? -ErrorNumber.IO : done;
      done += size;
    }
    return count;
  }
  truncate(): number { return -ErrorNumber.INVAL; }
  close(): void { /* The disk stays. */ }
}
