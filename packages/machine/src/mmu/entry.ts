/**
 * Bit layouts of the memory management unit: what the guest writes into its page tables, what a page fault pushes, and what the TLB words
 * (Region.DATA_TLB_ENTRY, Region.CODE_TLB_ENTRY) hold. This is the only place that knows the last of them.
 */

export const PAGE_SHIFT = 12;
export const PAGE_BYTES = 1 << PAGE_SHIFT;
/** Offset of an address in its page. */
export const OFFSET_MASK = PAGE_BYTES - 1;
/** Page address bits of an address, a CR3 value or a paging-structure entry. */
export const FRAME_MASK = ~OFFSET_MASK;
/** Page numbers in the 4 GB address space, linear or physical. */
export const ADDRESS_SPACE_PAGES = 1 << 20;
/** 4 KB pages in a 4 MB page, as a power of two. */
export const LARGE_PAGE_SHIFT = 10;

/** Paging-structure entry bits of 32-bit paging (SDM vol. 3, tables 4-4 to 4-6). */
export const PagingEntry = {
  PRESENT: 1 << 0, WRITABLE: 1 << 1, USER: 1 << 2, ACCESSED: 1 << 5, DIRTY: 1 << 6, PAGE_SIZE: 1 << 7, GLOBAL: 1 << 8,
  /**
   * Reserved while CR4.PSE = 1 on a processor with neither PAT nor PSE-36, which this Pentium Pro class machine is (SDM vol. 3, 4.3): bit 7
   * of a page-table entry, bits 21:12 of a directory entry that maps a 4 MB page.
   */
  RESERVED_TABLE: 1 << 7, RESERVED_LARGE: 0x3ff << 12,
} as const;

/** Error code of a page fault (SDM vol. 3, 4.7). Bit 4 (I/D) needs execute-disable, which the machine lacks: it is never set. */
export const FaultCode = {
  PRESENT: 1 << 0, WRITE: 1 << 1, USER: 1 << 2, RESERVED: 1 << 3,
  /** The second-level translation of a deprivileged guest refused; CR2 is a guest-physical address then (docs/decisions/0017-second-level-at-ring-3.md). */
  SECOND_LEVEL: 1 << 5,
} as const;

/**
 * A TLB word: bits 31-12 are the machine page, the rest permissions. A zero word is no entry. WRITABLE, USER, DIRTY and GLOBAL keep their
 * places of a paging-structure entry, so that a walk copies them. WRITABLE and USER are the AND over both levels.
 */
export const TlbEntry = {
  PRESENT: PagingEntry.PRESENT, WRITABLE: PagingEntry.WRITABLE, USER: PagingEntry.USER,
  DIRTY: PagingEntry.DIRTY, GLOBAL: PagingEntry.GLOBAL,
  /** A 4 KB piece of a 4 MB page: INVLPG anywhere in the large page drops it (SDM vol. 3, 4.10.4.1). */
  LARGE: PagingEntry.PAGE_SIZE,
  /** The second-level translation lets the page be written. Apart from WRITABLE, because CR0.WP = 0 overrides only that one. */
  MACHINE_WRITABLE: 1 << 9,
} as const;

const USER_WRITE = TlbEntry.PRESENT | TlbEntry.USER | TlbEntry.WRITABLE | TlbEntry.DIRTY | TlbEntry.MACHINE_WRITABLE;
const PROTECTED_SUPERVISOR_WRITE = TlbEntry.PRESENT | TlbEntry.WRITABLE | TlbEntry.DIRTY | TlbEntry.MACHINE_WRITABLE;
const SUPERVISOR_WRITE = TlbEntry.PRESENT | TlbEntry.DIRTY | TlbEntry.MACHINE_WRITABLE;

/** Bits that an entry must all have for a write (SDM vol. 3, 4.6); `writeProtect` is CR0.WP. */
export function bitsForWrite(user: boolean, writeProtect: boolean): number {
  if (user) return USER_WRITE;
  return writeProtect ? PROTECTED_SUPERVISOR_WRITE : SUPERVISOR_WRITE;
}

/** Bits that an entry must all have for a data read or a fetch. */
export function bitsForRead(user: boolean): number {
  return user ? TlbEntry.PRESENT | TlbEntry.USER : TlbEntry.PRESENT;
}

/** First byte of the next linear page; wraps at 4 GB as a 32-bit processor does. */
export function nextPage(linear: number): number {
  return ((linear | OFFSET_MASK) + 1) | 0;
}
