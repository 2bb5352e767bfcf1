import type { Geometry } from './ata-identify.js';

/** The battery-backed memory behind the clock registers, with what a BIOS would have put there (IBM PC/AT Technical Reference, "CMOS RAM"). */
export const CMOS_BYTES = 128;

const KIB = 1024;
const MIB = KIB * KIB;
const BASE_MEMORY_KIB = 640;
const LARGEST_WORD = 0xffff;

/** Byte addresses; two-byte values are little endian. */
const Address = {
  DISKETTE_TYPES: 0x10, DISK_TYPES: 0x12, EQUIPMENT: 0x14, BASE_MEMORY_KIB: 0x15, EXTENDED_MEMORY_KIB: 0x17, EXTENDED_DISK_TYPE: 0x19, DISK_PARAMETERS: 0x1b, CHECKSUM: 0x2e,
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
  storeChecksum(bytes);
  return bytes;
}

/** A fixed disk of the type whose parameters set-up stores itself, number 47; 15 in the nibble says that the number is in the extended byte. */
const EXTENDED_TYPE = 15;
const USER_TYPE = 47;
const DISK_PARAMETERS_BYTES = 9;
const MANY_HEADS = 8;
/** Control byte of disks with more than eight heads. */
const MANY_HEADS_CONTROL = 0x08;
const NO_PRECOMPENSATION = 0xffff;

/** Stores the types and parameters of one or two fixed disks, and that there is no diskette drive. */
export function storeDiskTypes(bytes: Uint8Array, disks: readonly Geometry[]): void {
  bytes[Address.DISKETTE_TYPES] = 0;
  bytes[Address.DISK_TYPES] = (disks.length > 0 ? EXTENDED_TYPE << 4 : 0) | (disks.length > 1 ? EXTENDED_TYPE : 0);
  disks.forEach(({ cylinders, heads, sectorsPerTrack }, unit) => {
    bytes[Address.EXTENDED_DISK_TYPE + unit] = USER_TYPE;
    const at = Address.DISK_PARAMETERS + unit * DISK_PARAMETERS_BYTES;
    putWord(bytes, at, cylinders);
    bytes[at + 2] = heads;
    putWord(bytes, at + 3, NO_PRECOMPENSATION);
    bytes[at + 5] = heads > MANY_HEADS ? MANY_HEADS_CONTROL : 0;
    putWord(bytes, at + 6, cylinders); // landing zone
    bytes[at + 8] = sectorsPerTrack;
  });
  storeChecksum(bytes);
}

/** The checksum is the only big-endian word. */
function storeChecksum(bytes: Uint8Array): void {
  let sum = 0;
  for (let address = CHECKSUM_FIRST; address <= CHECKSUM_LAST; address++) sum += bytes[address];
  bytes[Address.CHECKSUM] = (sum >> 8) & 0xff;
  bytes[Address.CHECKSUM + 1] = sum & 0xff;
}
