import { describe, expect, it } from 'vitest';
import { CopyOnWriteDisk, ImageStore, OverlayStore, SECTOR_BYTES } from '../../src/devices/block-store.js';

function image(bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, i) => (i * 7 + (i >> 9)) & 0xff);
}

const sector = (fill: number): Uint8Array => new Uint8Array(SECTOR_BYTES).fill(fill);

describe('CopyOnWriteDisk', () => {
  it('reads the image, and beside its end zeros up to the sector', () => {
    const bytes = image(1000);
    const disk = new CopyOnWriteDisk(bytes);
    expect(disk.sectors).toBe(2);
    const into = sector(0xee);
    const both = new Uint8Array(2 * SECTOR_BYTES).fill(0xee);
    disk.read(1, 1, into);
    disk.read(0, 2, both);
    expect([...into]).toEqual([...bytes.subarray(512), ...new Uint8Array(24)]);
    expect([...both]).toEqual([...bytes, ...new Uint8Array(24)]);
  });

  it('keeps what is written beside the image', () => {
    const bytes = image(4 * SECTOR_BYTES);
    const before = bytes.slice();
    const disk = new CopyOnWriteDisk(bytes);
    const from = new Uint8Array(2 * SECTOR_BYTES).fill(0x11);
    disk.write(1, 2, from);
    from.fill(0x22);
    disk.write(2, 1, sector(0x33));
    const into = new Uint8Array(4 * SECTOR_BYTES);
    disk.read(0, 4, into);
    expect([into[511], into[512], into[1023], into[1024], into[1535], into[1536]]).toEqual([before[511], 0x11, 0x11, 0x33, 0x33, before[1536]]);
    expect(disk.contents()).toEqual(into);
    expect(disk.writtenSectors).toBe(2);
    expect(bytes).toEqual(before);
    disk.discard();
    expect(disk.contents()).toEqual(before);
  });

  it('serves two machines from one image', () => {
    const bytes = image(SECTOR_BYTES);
    const [first, second] = [new CopyOnWriteDisk(bytes), new CopyOnWriteDisk(bytes)];
    first.write(0, 1, sector(1));
    expect(second.contents()).toEqual(bytes);
  });

  it('refuses what it does not have', () => {
    expect(() => new CopyOnWriteDisk(new Uint8Array(0))).toThrow('at least one byte');
    const disk = new CopyOnWriteDisk(image(SECTOR_BYTES));
    expect(() => disk.read(0, 2, new Uint8Array(1024))).toThrow('no such sectors');
    expect(() => disk.write(1, 1, sector(0))).toThrow('no such sectors');
    expect(() => disk.read(-1, 1, sector(0))).toThrow('no such sectors');
  });
});

describe('layers', () => {
  it('an image cannot be written', () => {
    const store = new ImageStore(image(SECTOR_BYTES));
    expect(store.write()).toBe(false);
    const read = sector(0);
    expect([store.read(0, 1, read), read]).toEqual([true, image(SECTOR_BYTES)]);
  });

  it('an overlay keeps what is written from the store below, and shows what changes there', () => {
    const below = new CopyOnWriteDisk(image(3 * SECTOR_BYTES));
    const overlay = new OverlayStore(below);
    expect(overlay.write(1, 1, sector(9))).toBe(true);
    below.write(1, 2, new Uint8Array(2 * SECTOR_BYTES).fill(5));
    expect(overlay.contents().slice(SECTOR_BYTES)).toEqual(Uint8Array.from([...sector(9), ...sector(5)]));
    expect(below.contents().slice(SECTOR_BYTES, 2 * SECTOR_BYTES)).toEqual(sector(5));
  });

  it('an overlay fails where the store below does', () => {
    expect(new OverlayStore({ sectors: 1, read: () => false, write: () => true }).read(0, 1, sector(0))).toBe(false);
  });
});
