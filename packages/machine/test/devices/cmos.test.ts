import { describe, expect, it } from 'vitest';
import { initialCmos, storeDiskTypes } from '../../src/devices/cmos.js';

const MIB = 1 << 20;

function word(bytes: Uint8Array, address: number): number {
  return bytes[address] | (bytes[address + 1] << 8);
}

function sizes(ramBytes: number): number[] {
  const bytes = initialCmos(ramBytes);
  return [0x15, 0x17, 0x30, 0x34].map((address) => word(bytes, address));
}

describe('initialCmos', () => {
  it('states base memory, extended memory twice, and memory above 16 MiB', () => {
    expect(sizes(64 * MIB)).toEqual([640, 63 * 1024, 63 * 1024, (48 * MIB) / 65536]);
    expect(sizes(16 * MIB)).toEqual([640, 15 * 1024, 15 * 1024, 0]);
    expect(sizes(512 * 1024)).toEqual([512, 0, 0, 0]);
  });

  it('saturates extended memory at what a word can say', () => {
    expect(sizes(1024 * MIB)).toEqual([640, 0xffff, 0xffff, (1008 * MIB) / 65536]);
  });

  it('states the types and parameters of fixed disks, under a new checksum', () => {
    const bytes = initialCmos(32 * MIB);
    storeDiskTypes(bytes, [{ cylinders: 500, heads: 16, sectorsPerTrack: 63 }, { cylinders: 3, heads: 4, sectorsPerTrack: 5 }]);
    expect([bytes[0x10], bytes[0x12], bytes[0x19], bytes[0x1a]]).toEqual([0, 0xff, 47, 47]);
    expect([word(bytes, 0x1b), bytes[0x1d], bytes[0x20], bytes[0x23], word(bytes, 0x24), bytes[0x26], bytes[0x29], bytes[0x2c]]).toEqual([500, 16, 8, 63, 3, 4, 0, 5]);
    const sum = bytes.subarray(0x10, 0x2e).reduce((total, byte) => total + byte, 0);
    expect((bytes[0x2e] << 8) | bytes[0x2f]).toBe(sum & 0xffff);
  });

  it('carries the BIOS checksum', () => {
    const bytes = initialCmos(32 * MIB);
    const sum = bytes.subarray(0x10, 0x2e).reduce((total, byte) => total + byte, 0);
    expect((bytes[0x2e] << 8) | bytes[0x2f]).toBe(sum & 0xffff);
    expect(sum).toBeGreaterThan(0);
  });
});
