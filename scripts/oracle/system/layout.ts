/** Where the lock-step image keeps things, the selectors of its tables, and the encodings of descriptors, gates and page-table entries. */

export const PAGE_BYTES = 0x1000;

/** The runtime: code, variables and stack lie below 64 KB, so that 16-bit gates reach its stubs. */
export const RUNTIME = 0xc000;
export const VARIABLES = 0xb000;
export const RUNTIME_STACK = 0xbff0;
/** Stub of vector v: STUBS + v * STUB_BYTES. */
export const STUBS = RUNTIME + 0x800;
export const STUB_BYTES = 16;

/** The world: everything that a scenario may change. Pristine at the start of each scenario, compared with that at its end. */
export const WORLD = 0x10000;
export const WORLD_END = 0x28000;
export const GDT = 0x10000;
export const LDT = 0x11000;
export const IDT = 0x12000;
export const TSS = 0x13000;
export const OTHER_TSS = 0x14000;
export const TSS16 = 0x15000;
export const DOUBLE_FAULT_TSS = 0x16000;
export const V86_TSS = 0x17000;
export const PAGE_DIRECTORY = 0x18000;
/** Maps the first 4 MB one to one, open to all. */
export const PAGE_TABLE = 0x19000;
/** Maps 4 MB to 8 MB; empty until a scenario fills it. */
export const SECOND_TABLE = 0x1a000;
export const OTHER_DIRECTORY = 0x1b000;
/** Tops of the stacks by ring; ring 0 and ring 3 have two pages. */
export const STACK_TOPS = [0x1ef00, 0x1cf00, 0x1ff00, 0x23f00] as const;
/** A scenario's code. */
export const CODE = 0x20000;
/** A page full of INT DONE: where gates and returns lead. */
export const LANDING = 0x21000;
export const LANDING_OFFSET = LANDING - CODE;
/** The same below the world, where a flat segment has LANDING_OFFSET. */
export const FLAT_LANDING = LANDING_OFFSET;
/** Three pages for a scenario's data. */
export const DATA = 0x24000;
export const DOUBLE_FAULT_STACK = 0x27f00;

/** Copy of the world as the current scenario found it. */
export const SHADOW = 0x200000;
/** Events and changed words of the current scenario. */
export const LOG = 0x240000;
export const CHANGES = 0x250000;
export const MEMORY_BYTES = 8 << 20;

export const VECTORS = 0x60;
/** INT DONE ends a scenario from any ring. */
export const DONE = 0x40;
/** A vector for a scenario's own gate. */
export const OWN_VECTOR = 0x50;

/** Selectors of the global table, without RPL. */
export const Selector = {
  CODE0: 0x08, DATA0: 0x10, TSS: 0x48, OTHER_TSS: 0x50, TSS16: 0x58, DOUBLE_FAULT_TSS: 0x60, V86_TSS: 0x68, LDT: 0x70,
  /** Empty entries for a scenario's own descriptors, in both tables. */
  TEST: 0x100, LOCAL_TEST: 0x104,
} as const;
export const codeSelector = (level: number): number => (Selector.CODE0 + level * 0x10) | level;
export const dataSelector = (level: number): number => (Selector.DATA0 + level * 0x10) | level;
export const testSelector = (index: number, rpl = 0): number => (Selector.TEST + index * 8) | rpl;
export const GDT_LIMIT = 0x7ff;
export const LDT_LIMIT = 0x3ff;
export const TSS_LIMIT = 0x67 + 0x90;

/** Access bytes (SDM vol. 3, 3.4.5 and 3.5): present, of ring 0, and not accessed. Types of data and code with bit 0 clear. */
export const Access = {
  PRESENT: 0x80, DATA: 0x92, READ_ONLY: 0x90, EXPAND_DOWN: 0x96, CODE: 0x9a, EXECUTE_ONLY: 0x98, CONFORMING: 0x9e, CONFORMING_EXECUTE_ONLY: 0x9c,
  LDT: 0x82, TSS16: 0x81, TSS16_BUSY: 0x83, CALL16: 0x84, TASK_GATE: 0x85, INTERRUPT16: 0x86, TRAP16: 0x87, TSS32: 0x89, TSS32_BUSY: 0x8b,
  CALL32: 0x8c, INTERRUPT32: 0x8e, TRAP32: 0x8f,
} as const;
export const atLevel = (access: number, dpl: number): number => (access & ~0x60) | (dpl << 5);
/** Flag nibble of a descriptor: G and D/B. */
export const BIG = 4;
export const PAGES = 8;
export const FLAT_LIMIT = 0xfffff;

export const Page = { PRESENT: 1, WRITABLE: 2, USER: 4, ACCESSED: 0x20, DIRTY: 0x40, LARGE: 0x80, ALL: 7 } as const;
export const Cr0 = { PE: 1, MP: 2, EM: 4, TS: 8, ET: 0x10, WP: 1 << 16, AM: 1 << 18, PG: 0x80000000 } as const;
export const Cr4 = { TSD: 4, DE: 8, PSE: 0x10 } as const;
export const Flags = { FIXED: 2, TF: 0x100, IF: 0x200, DF: 0x400, NT: 0x4000, RF: 0x10000, VM: 0x20000, AC: 0x40000 } as const;
export const iopl = (level: number): number => level << 12;

/** Fields of a 32-bit TSS (SDM vol. 3, figure 7-2). */
export const Task = { LINK: 0, ESP0: 4, SS0: 8, CR3: 28, EIP: 32, EFLAGS: 36, EAX: 40, ESP: 56, ES: 72, CS: 76, SS: 80, DS: 84, FS: 88, GS: 92, LDTR: 96, TRAP: 100, IO_MAP: 102, BYTES: 104 } as const;
/** Fields of a 16-bit TSS (SDM vol. 3, figure 7-10). */
export const Task16 = { LINK: 0, SP0: 2, SS0: 4, IP: 14, FLAGS: 16, AX: 18, SP: 26, ES: 34, CS: 36, SS: 38, DS: 40, LDTR: 42, BYTES: 44 } as const;

export const word = (value: number): number[] => [value & 0xff, (value >>> 8) & 0xff];
export const long = (value: number): number[] => [...word(value), ...word(value >>> 16)];

/** A segment descriptor; `flags` are G, D/B, 0 and AVL (SDM vol. 3, figure 3-8). */
export function descriptor(base: number, limit: number, access: number, flags: number): number[] {
  return [...word(limit), base & 0xff, (base >>> 8) & 0xff, (base >>> 16) & 0xff, access, (flags << 4) | ((limit >>> 16) & 15), base >>> 24];
}
/** A gate; the parameter count is for call gates (SDM vol. 3, figures 5-8 and 6-2). */
export function gate(selector: number, offset: number, access: number, parameters = 0): number[] {
  return [...word(offset), ...word(selector), parameters, access, ...word(offset >>> 16)];
}
