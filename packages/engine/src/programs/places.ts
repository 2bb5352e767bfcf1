import { PAGE_BYTES, PAGE_DIRECTORY, SCRATCH } from '../conformance/memory-map.js';

/** Where generated programs keep things, beside the kernel of the conformance suite (../conformance/memory-map.ts). */

/** RAM of the guest: all that the places below need. */
export const PROGRAM_MEMORY_BYTES = 2 << 20;

/** Written to, this port ends the run for a look at the guest. */
export const LOOK_PORT = 0x80;

export const SCRATCH_PAGES = 16;
/** Code that programs write or copy goes here. */
export const WRITTEN_CODE = SCRATCH + SCRATCH_PAGES * PAGE_BYTES;
export const WRITTEN_CODE_PAGES = 4;
/** A second page directory with tables of its own, and the page table of WINDOW, which both directories have. */
export const OTHER_DIRECTORY = 0x162000;
export const OTHER_TABLE = 0x163000;
export const WINDOW_TABLE = 0x164000;
/** 4 MB of linear addresses whose pages lead anywhere. */
export const WINDOW = 0x800000;
/** Linear addresses of a 4 MB page, and at which a directory maps itself. */
export const LARGE_PAGE = 0xc00000;
export const SELF_MAP = 0x3fc00000;
/** A GDT of the program's own: the kernel's entries, then its own. */
export const OWN_TABLE = 0x165000;
export const OWN_DESCRIPTORS = 24;
/** A page table that maps the first 4 MB one to one, to copy from. */
export const IDENTITY_TABLE = 0x167000;
/** The kernel's tables as they were at the start. */
export const BACKUP = 0x168000;

/** Pages that no table maps, before and behind all paging structures: a string instruction that goes astray with any count runs into them, and not over the tables. */
export const GUARD_PAGES: readonly number[] = [PAGE_DIRECTORY - PAGE_BYTES, SCRATCH - PAGE_BYTES];

/** 16-bit code, its stack and its data, below 1 MB. */
export const LOW_CODE = 0x20000;
export const LOW_STACK = 0x30000;
export const LOW_DATA = 0x40000;

/** The image must end here. */
export const IMAGE_END = 0x110000;
/** Where code that goes astray usually ends up, filled with INT3. */
export const TRAPPED_REGIONS: readonly (readonly [from: number, bytes: number])[] = [[0, 0x8000], [LOW_CODE, 0x10000], [IMAGE_END, 0x20000], [WRITTEN_CODE, WRITTEN_CODE_PAGES * PAGE_BYTES]];
/** Elsewhere each page ends with so many bytes of INT3: code that goes astray among zeros, which are ADD [EAX], AL, gets no further. */
export const STOP_BYTES = 64;
export const STOPPED_REGIONS: readonly (readonly [from: number, to: number])[] = [[0, 0xa0000], [0xc0000, 0x100000], [IMAGE_END, PAGE_DIRECTORY], [SCRATCH, PROGRAM_MEMORY_BYTES]];
