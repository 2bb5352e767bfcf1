/** The battery-backed memory behind the clock registers, with what a BIOS would have put there (IBM PC/AT Technical Reference, "CMOS RAM"). */
export const CMOS_BYTES = 128;

const KIB = 1024;
const MIB = KIB * KIB;
const BASE_MEMORY_KIB = 640;
const LARGEST_WORD = 0xffff;

/** Byte addresses; two-byte values are little endian. */
const Address = {
  EQUIPMENT: 0x14, BASE_MEMORY_KIB: 0x15, EXTENDED_MEMORY_KIB: 0x17, CHECKSUM: 0x2e,
  EXTENDED_MEMORY_FOUND_KIB: 0x30, MEMORY_ABOVE_16_MIB: 0x34,
} as const;
const CHECKSUM_FIRST = 0x10;
const CHECKSUM_LAST = 0x2d;
/** A coprocessor, a colour display, no diskette drive. */
const EQUIPMENT = 0x02;
/** Unit of the size above 16 MiB. */
const CHUNK = 64 * KIB;

function putWord(bytes: Uint8Array, address: number, value: number): void {
  bytes[address] = value & 0xff;
  bytes[address + 1] = value >> 8;
}

function sizeIn(unit: number, bytes: number): number {
  return Math.min(LARGEST_WORD, Math.max(0, Math.floor(bytes / unit)));
}

/** The configuration bytes of a PC with `ramBytes` of memory and no disks; the clock registers are left zero. */
export function initialCmos(ramBytes: number): Uint8Array {
  const bytes = new Uint8Array(CMOS_BYTES);
  bytes[Address.EQUIPMENT] = EQUIPMENT;
  putWord(bytes, Address.BASE_MEMORY_KIB, Math.min(BASE_MEMORY_KIB, sizeIn(KIB, ramBytes)));
  putWord(bytes, Address.EXTENDED_MEMORY_KIB, sizeIn(KIB, ramBytes - MIB));
  putWord(bytes, Address.EXTENDED_MEMORY_FOUND_KIB, sizeIn(KIB, ramBytes - MIB));
  putWord(bytes, Address.MEMORY_ABOVE_16_MIB, sizeIn(CHUNK, ramBytes - 16 * MIB));
  let sum = 0;
  for (let address = CHECKSUM_FIRST; address <= CHECKSUM_LAST; address++) sum += bytes[address];
  // The checksum is the only big-endian word.
  bytes[Address.CHECKSUM] = (sum >> 8) & 0xff;
  bytes[Address.CHECKSUM + 1] = sum & 0xff;
  return bytes;
}
