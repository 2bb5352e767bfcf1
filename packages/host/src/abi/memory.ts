/** Numbers of mmap and its kin (asm-generic/mman.h). */
export const Protection = { READ: 1, WRITE: 2, EXECUTE: 4, ALL: 7 } as const;
export const MapFlag = { SHARED: 0x01, PRIVATE: 0x02, TYPE: 0x0f, FIXED: 0x10, ANONYMOUS: 0x20, GROWS_DOWN: 0x100, POPULATE: 0x8000, FIXED_NO_REPLACE: 0x100000 } as const;

export const PAGE_SHIFT = 12;
export const PAGE_BYTES = 1 << PAGE_SHIFT;
export const PAGE_MASK = PAGE_BYTES - 1;

/** User addresses end here, as for a 32-bit process of a 64-bit Linux. */
export const TASK_SIZE = 0xffffe000;
/** Nothing is ever mapped from here on: in the last 4 MB the host's kernel is entered, where a 64-bit Linux has 8 KB. */
export const MAP_LIMIT = 0xffc00000;
/** Where mmap without an address begins to look, downwards; below it the gap of the stack. */
export const MAP_TOP = 0xf7000000;
/** Nothing is mapped below (mmap_min_addr of the usual 64 KB). */
export const LOWEST_ADDRESS = 0x10000;

/** The address of the first byte of the page, and of the page behind the last byte. Unsigned. */
export const pageFloor = (address: number): number => address - (address % PAGE_BYTES);
export const pageCeiling = (address: number): number => Math.ceil(address / PAGE_BYTES) * PAGE_BYTES;
