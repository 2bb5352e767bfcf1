import { SILICON_EVENTS, STATE_WORDS } from '@ringbench/isa';

/**
 * Where everything lies in the one WebAssembly.Memory of a machine. CPU state comes first, so that a state word's byte offset is its address.
 * Sizes are in bytes. Executors take every address from here.
 */
const MIB = 1 << 20;
const PAGE = 4096;
/** A table with one 32-bit entry for each of the 2^20 linear pages. */
const PAGE_TABLE_BYTES = 4 * MIB;

/** How much ROM a machine can have beyond the end of its RAM: what a PC's board decodes below 4 GB at most, twice over. */
export const ROM_BYTES = MIB;

const REGIONS = [
  ['STATE', STATE_WORDS * 4],
  ['COUNTS', SILICON_EVENTS.length * 8],
  // A misaligned or device access that spans pages is assembled here.
  ['BOUNCE', 64],
  // What a translated region leaves for its flags to be computed from.
  ['EXIT_VALUES', 64],
  // A page of ones: what instruction fetches find where there is no memory.
  ['OPEN_BUS', PAGE],
  // Jump cache: code address -> micro-op.
  ['JUMP_CACHE', 256 * 1024],
  ['MICRO_OPS', 14 * MIB],
  // Translation tables, one word a linear page: host address minus linear address, or NO_ENTRY. The write table of a privilege
  // level follows its read table at TLB_WRITE_DISTANCE.
  ['DATA_READ_SUPERVISOR', PAGE_TABLE_BYTES],
  ['DATA_WRITE_SUPERVISOR', PAGE_TABLE_BYTES],
  ['DATA_READ_USER', PAGE_TABLE_BYTES],
  ['DATA_WRITE_USER', PAGE_TABLE_BYTES],
  ['CODE_SUPERVISOR', PAGE_TABLE_BYTES],
  ['CODE_USER', PAGE_TABLE_BYTES],
  // What the TLBs hold, one word a linear page: physical page address and permission bits; 0 is no entry.
  ['DATA_TLB_ENTRY', PAGE_TABLE_BYTES],
  ['CODE_TLB_ENTRY', PAGE_TABLE_BYTES],
  // In which order they came in, oldest first, and what else a TLB keeps (mmu/tlb.ts, TlbWord).
  ['DATA_TLB_QUEUE', PAGE],
  ['CODE_TLB_QUEUE', PAGE],
  // A byte for each physical page: why it is not ordinary RAM (mmu/physical.ts, PageKind).
  ['PAGE_KINDS', MIB],
  // The bytes of ROM that is not above RAM: windows of physical memory beyond RAM's end show them.
  ['ROM', ROM_BYTES],
  ['RAM', 0],
] as const;

export type RegionName = (typeof REGIONS)[number][0];

function assignRegions(): Record<RegionName, number> {
  const regions: Partial<Record<RegionName, number>> = {};
  let next = 0;
  for (const [name, bytes] of REGIONS) {
    regions[name] = next;
    next = Math.ceil((next + bytes) / PAGE) * PAGE;
  }
  return regions as Record<RegionName, number>;
}

/** Byte address of each region. Copied, because V8 keeps an object that grew by computed names as a hash table. */
export const Region: Readonly<Record<RegionName, number>> = Object.freeze({ ...assignRegions() });

export const TLB_WRITE_DISTANCE = Region.DATA_WRITE_SUPERVISOR - Region.DATA_READ_SUPERVISOR;

/** First address behind the micro-op area. */
export const MICRO_OPS_END = Region.DATA_READ_SUPERVISOR;

/**
 * Marks an absent translation. Its low twelve bits must be 0xFFF: one addition `(linear & 0xFFF) + (entry & 0xFFF)` and one compare with
 * `0x1000 - size` then test validity and page crossing together, for accesses of two bytes and more. A single byte cannot cross: test it by
 * `(entry & 0xFFF) !== 0` alone, for the sum of an absent entry and offset 0 is 0xFFF, which the compare would let through.
 */
export const NO_ENTRY = -1;
