/** Where the suite's kernel keeps things, and the selectors of its tables. The image itself is at 1 MB. */

/** RAM of a guest unless its check asks for more: the image, what is listed here, and no byte beyond. */
export const GUEST_MEMORY_BYTES = 2 << 20;

/** Code for virtual-8086 mode is copied here, below 1 MB. */
export const VIRTUAL_8086_CODE = 0x20000;
export const VIRTUAL_8086_STACK = 0x30000;
/** Results are appended here and printed at the end. */
export const LOG = 0x140000;
export const LOG_BYTES = 0x4000;
/** Stacks grow down from these. */
export const KERNEL_STACK = 0x150000;
export const USER_STACK = 0x154000;
export const TASK_STACK = 0x158000;
export const PAGE_DIRECTORY = 0x160000;
/** Maps the first 4 MB one to one. */
export const PAGE_TABLE = 0x161000;
/** Whole pages for a check's own use. */
export const SCRATCH = 0x170000;
/** Base of the segment that ends at its limit. */
export const LIMITED_BASE = SCRATCH;
export const LIMITED_LIMIT = 0xff;

export const PAGE_BYTES = 0x1000;
/** Page-table entry bits (SDM vol. 3, 4.3). */
export const Page = { PRESENT: 1, WRITABLE: 2, USER: 4, ACCESSED: 0x20, DIRTY: 0x40, LARGE: 0x80, GLOBAL: 0x100 } as const;
/** Page-fault error code bits (SDM vol. 3, 4.7). */
export const PageFault = { PRESENT: 1, WRITE: 2, USER: 4, RESERVED: 8 } as const;

/** Selectors of the global descriptor table; user ones carry RPL 3. */
export const Selector = {
  KERNEL_CODE: 0x08, KERNEL_DATA: 0x10, USER_CODE: 0x1b, USER_DATA: 0x23, TASK: 0x28, LOCAL_TABLE: 0x30,
  /** Data, LIMITED_BASE to LIMITED_BASE + LIMITED_LIMIT. */
  LIMITED: 0x38,
  /** Data, everything above offset FFFh. */
  EXPAND_DOWN: 0x40,
  READ_ONLY: 0x48, EXECUTE_ONLY: 0x50, ABSENT: 0x58,
  /** Gates to `callGateTarget`, one parameter, callable from ring 3; and to nowhere, for ring 0 only. */
  CALL_GATE: 0x63, KERNEL_GATE: 0x68,
  CONFORMING: 0x70,
  /** Code that ends 16 bytes behind its start, at `shortCode`. */
  SHORT_CODE: 0x78,
  OTHER_TASK: 0x80,
  /** Data of ring 3 that is not present. */
  USER_ABSENT: 0x8b,
  /** Data, flat but with a limit of 1 MB + 5FFFFh: a stack segment with an end. */
  SHORT_STACK: 0x90,
  /** First selector behind the table. */
  BEHIND_TABLE: 0x98,
  /** Entry 1 of the local table: data of ring 0. */
  LOCAL_DATA: 0x0c,
} as const;

/** Vectors with a meaning of ours. */
export const Interrupt = {
  /** IRQ 0 after the controllers are set up. */
  TIMER: 0x20,
  /** A gate of ring 0 that logs like an exception. */
  KERNEL_ONLY: 0x30,
  /** Gate that is not present. */
  ABSENT: 0x31,
  /** Callable from ring 3, logs like an exception. */
  SYSTEM_CALL: 0x32,
  /** Callable from ring 3: back to the kernel behind the attempt, unlogged. */
  LEAVE_RING3: 0x33,
  /** Task gate to the other task. */
  TASK_GATE: 0x34,
  /** Trap gate, logs EFLAGS. */
  TRAP_GATE: 0x35,
  /** First vector without an entry. */
  BEHIND_TABLE: 0x36,
} as const;
