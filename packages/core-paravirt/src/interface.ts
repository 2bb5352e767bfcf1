/** The machine's interface with its guest in numbers (docs/paravirt.md). The guest's side is workloads/kernel/arch/paravirt/machine.h. */

/** The word behind a guest's Multiboot header ("RBPV"), and bits of the one behind it. */
export const GUEST_SIGNATURE = 0x56504252;
export const GuestNeed = { SPACES: 1 } as const;

/** Linear addresses: guest memory from its first page on in every space, and where the monitor begins. */
export const DIRECT_BASE = 0xc0000000;
export const DIRECT_BYTES = 0x38000000;
export const GUEST_END = 0xffc00000;

/** Selectors that the guest can see. KERNEL_CODE is no descriptor: in a frame it stands for the kernel's mode. */
export const GuestSelector = { KERNEL_CODE: 0x60, USER_CODE: 0x73, USER_DATA: 0x7b } as const;
/** Index in the descriptor table of the first thread segment, and how many there are. */
export const FIRST_THREAD_SEGMENT = 6;
export const THREAD_SEGMENTS = 3;

/** Vectors of the virtual instructions, of system calls, and of the frame that tells of events. */
export const GuestVector = { SYSTEM_CALL: 0x80, HYPERCALL: 0x82, RETURN: 0x83, EVENT: 0x20 } as const;

/** Byte offsets of the virtual registers in the guest's page 0, words of 32 bits. */
export const VirtualRegister = {
  INTERRUPTS: 0x00, PENDING: 0x04, KERNEL_ENTRY: 0x08, KERNEL_STACK: 0x0c, X87_TRAP: 0x10, FAULT_ADDRESS: 0x14, TIME_LOW: 0x18, TIME_HIGH: 0x1c,
  MEMORY_BYTES: 0x20, INSTRUCTIONS_PER_SECOND: 0x24, BOOT_INFORMATION: 0x28, DISK_SECTORS: 0x2c, NETWORK_BYTES: 0x30,
} as const;

/** Bits of PENDING. */
export const GuestEvent = { TIMER: 1, CONSOLE: 2, DISK: 4, NETWORK: 8 } as const;

/** Names of the hypercalls; the number of one is its position, from 1 on. */
export const HYPERCALLS = [
  'terminate', 'idle', 'space-make', 'space-free', 'space-use', 'table-make', 'update', 'segment', 'timer', 'kick', 'listen', 'mark',
] as const;
export type Hypercall = (typeof HYPERCALLS)[number];

/** What a hypercall answers that the machine does not have. */
export const NO_SUCH_CALL = -1;
/** Devices of `kick`. */
export const GuestDevice = { DISK: 0, CONSOLE: 1, NETWORK: 2 } as const;

/** An element of the array of `update`: space, linear address, entry. */
export const UPDATE_WORDS = 3;
/** One call applies at most so many. */
export const MOST_UPDATES = 1024;
