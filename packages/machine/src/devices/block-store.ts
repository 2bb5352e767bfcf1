/** What a disk drive keeps its sectors in. */

export const SECTOR_BYTES = 512;

/** Sectors by logical block address. A store is asked only for sectors that it has. */
export interface BlockStore {
  /** How many sectors there are, at least 1. */
  readonly sectors: number;
  /** Copies `count` sectors from `lba` on to the start of `into`. */
  read(lba: number, count: number, into: Uint8Array): void;
  /** Takes `count` sectors for `lba` on from the start of `from`, which it must not keep. */
  write(lba: number, count: number, from: Uint8Array): void;
}

/**
 * A disk image whose written sectors are kept beside it: the image itself never changes, so that one image serves many runs and the host's
 * file stays what it was. The last sector of an image that ends within it is filled up with zeros.
 */
export class CopyOnWriteDisk implements BlockStore {
  readonly sectors: number;
  private readonly written = new Map<number, Uint8Array>();

  /** @param image not copied; the caller leaves it alone. Throws when it is empty. */
  constructor(private readonly image: Uint8Array) {
    this.sectors = Math.ceil(image.length / SECTOR_BYTES);
    if (this.sectors === 0) throw new Error('a disk image needs at least one byte');
  }

  /** How many sectors differ in origin from the image: those that were written. */
  get writtenSectors(): number {
    return this.written.size;
  }

  read(lba: number, count: number, into: Uint8Array): void {
    this.checkRange(lba, count);
    for (let i = 0; i < count; i++) this.readSector(lba + i, into, i * SECTOR_BYTES);
  }

  write(lba: number, count: number, from: Uint8Array): void {
    this.checkRange(lba, count);
    for (let i = 0; i < count; i++) {
      const bytes = from.subarray(i * SECTOR_BYTES, (i + 1) * SECTOR_BYTES);
      const sector = this.written.get(lba + i);
      if (sector === undefined) this.written.set(lba + i, bytes.slice());
      else sector.set(bytes);
    }
  }

  /** The disk as the guest sees it, in whole sectors, for a host that was asked to keep the changes. */
  contents(): Uint8Array {
    const bytes = new Uint8Array(this.sectors * SECTOR_BYTES);
    bytes.set(this.image);
    for (const [lba, sector] of this.written) bytes.set(sector, lba * SECTOR_BYTES);
    return bytes;
  }

  /** Forgets everything that was written. */
  discard(): void {
    this.written.clear();
  }

  private readSector(lba: number, into: Uint8Array, at: number): void {
    const sector = this.written.get(lba);
    if (sector !== undefined) {
      into.set(sector, at);
      return;
    }
    const start = lba * SECTOR_BYTES;
    const end = Math.min(start + SECTOR_BYTES, this.image.length);
    into.set(this.image.subarray(start, end), at);
    into.fill(0, at + end - start, at + SECTOR_BYTES);
  }

  private checkRange(lba: number, count: number): void {
    if (lba < 0 || count < 0 || lba + count > this.sectors) throw new Error(`no such sectors: ${count} from ${lba} of ${this.sectors}`);
  }
}
