/** Where things are in the machine of system programs: its tables are soup's (soup-machine.ts), all addresses physical and, unless a program changes that, linear. */

export const PAGE = 0x1000;
export const GDT = 0x1000;
export const IDT = 0x2000;
export const DIRECTORY = 0x5000;
export const TABLE = 0x6000;
/** Loops; functions and a page with the same functions and other numbers in them; the kernel. */
export const MAIN_CODE = 0xa000;
export const FUNCTIONS = 0xc000;
export const KERNEL = 0xd000;
export const FUNCTIONS_COPY = 0xf000;
/** Stack of code in rings 3 and 0; the processor's own for gates is soup's. */
export const MAIN_STACK = 0x2d000;
export const KERNEL_STACK = 0x2b000;
export const COUNTERS = 0x2f000;
/** The pages of code once more. */
export const ALIAS = 0x38000;
export const ALIAS_PAGES = 3;
export const OTHER_DIRECTORY = 0x3c000;
export const OTHER_TABLE = 0x3d000;
/** Pages of RAM that page tables have entries for. */
export const PAGES_OF_TABLE = 0x42;
export const OPEN = 7;
export const entryOf = (table: number, linear: number): number => table + (linear >>> 12) * 4;

export const Selector = { CODE: 0x08, DATA: 0x10, USER_CODE: 0x1b, USER_DATA: 0x23, CODE16: 0x30, BASED_DATA: 0x4b, CALL_GATE: 0x6b } as const;
export const GATE = { INTERRUPT: 0xee, TRAP: 0xef, CALL: 0xec } as const;
export const Vectors = { TIMER: 0x70, TO_USER: 0x61, TO_KERNEL: 0x62, SERVICE: 0x68 } as const;
/** Words from COUNTERS on. */
export const Variable = { RESUME: 0, AFTER_SYSENTER: 4, FAULTS: 8, TICKS: 12, NMIS: 16, FAULT_SUM: 20, FUNCTION_TABLE: 0x40, RESULTS: 0x80, FREE: 0x100, FREE_WORDS: 64 } as const;
