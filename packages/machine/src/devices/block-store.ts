/** What a disk drive keeps its sectors in. */

export const SECTOR_BYTES = 512;

/** Sectors by logical block address. A store is asked only for sectors that it has. It may be a layer above another one. */
export interface BlockStore {
  /** How many sectors there are, at least 1. */
  readonly sectors: number;
  /** Copies `count` sectors from `lba` on to the start of `into`. False when the medium cannot: then `into` holds nothing that counts. */
  read(lba: number, count: number, into: Uint8Array): boolean;
  /** Takes `count` sectors for `lba` on from the start of `from`, which it must not keep. False when the medium cannot. */
  write(lba: number, count: number, from: Uint8Array): boolean;
}

/** Throws when a store does not have sectors that it is asked for: that is a bug of ours. */
function checkRange({ sectors }: BlockStore, lba: number, count: number): void {
  if (lba < 0 || count < 0 || lba + count > sectors) throw new Error(`no such sectors: ${count} from ${lba} of ${sectors}`);
}

/** A disk image that cannot be written. The last sector of one that ends within it is filled up with zeros. */
export class ImageStore implements BlockStore {
  readonly sectors: number;

  /** @param image not copied; the caller leaves it alone. Throws when it is empty. */
  constructor(private readonly image: Uint8Array) {
    this.sectors = Math.ceil(image.length / SECTOR_BYTES);
    if (this.sectors === 0) throw new Error('a disk image needs at least one byte');
  }

  read(lba: number, count: number, into: Uint8Array): boolean {
    checkRange(this, lba, count);
    const start = lba * SECTOR_BYTES;
    const end = Math.min(start + count * SECTOR_BYTES, this.image.length);
    into.set(this.image.subarray(start, end));
    into.fill(0, end - start, count * SECTOR_BYTES);
    return true;
  }

  write(): boolean { return false; }
}

/** Keeps written sectors beside the store below, which never changes and may serve others too. */
export class OverlayStore implements BlockStore {
  readonly sectors: number;
  private readonly written = new Map<number, Uint8Array>();

  constructor(private readonly below: BlockStore) {
    this.sectors = below.sectors;
  }

  /** How many sectors differ in origin from the store below: those that were written. */
  get writtenSectors(): number {
    return this.written.size;
  }

  read(lba: number, count: number, into: Uint8Array): boolean {
    checkRange(this, lba, count);
    if (!this.below.read(lba, count, into)) return false;
    if (this.written.size === 0) return true;
    for (let index = 0; index < count; index++) {
      const sector = this.written.get(lba + index);
      if (sector !== undefined) into.set(sector, index * SECTOR_BYTES);
    }
    return true;
  }

  write(lba: number, count: number, from: Uint8Array): boolean {
    checkRange(this, lba, count);
    for (let index = 0; index < count; index++) {
      const bytes = from.subarray(index * SECTOR_BYTES, (index + 1) * SECTOR_BYTES);
      const sector = this.written.get(lba + index);
      if (sector === undefined) this.written.set(lba + index, bytes.slice());
      else sector.set(bytes);
    }
    return true;
  }

  /** The disk as the guest sees it, in whole sectors, for a host that was asked to keep the changes. */
  contents(): Uint8Array {
    const bytes = new Uint8Array(this.sectors * SECTOR_BYTES);
    this.read(0, this.sectors, bytes);
    return bytes;
  }

  /** Forgets everything that was written. */
  discard(): void {
    this.written.clear();
  }
}

/** A disk image whose written sectors are kept beside it, so that one image serves many runs and the host's file stays what it was. */
export class CopyOnWriteDisk extends OverlayStore {
  /** @param image not copied; the caller leaves it alone. Throws when it is empty. */
  constructor(image: Uint8Array) {
    super(new ImageStore(image));
  }
}
