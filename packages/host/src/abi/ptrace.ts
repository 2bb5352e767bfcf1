/** Requests of ptrace (sys/ptrace.h; asm/ptrace-abi.h), by the names under which they are counted. The last two are those of the SKAS3 patch to Linux 2.4 and 2.6. */
export const PTRACE_REQUESTS = {
  0: 'traceme', 1: 'peektext', 2: 'peekdata', 3: 'peekuser', 4: 'poketext', 5: 'pokedata', 6: 'pokeuser', 7: 'cont', 8: 'kill', 12: 'getregs', 13: 'setregs', 14: 'getfpregs', 15: 'setfpregs', 17: 'detach', 21: 'oldsetoptions',
  24: 'syscall', 25: 'get-thread-area', 26: 'set-thread-area', 31: 'sysemu', 0x4200: 'setoptions', 0x4202: 'getsiginfo', 0x4204: 'getregset', 0x4205: 'setregset', 52: 'faultinfo', 55: 'switch-mm',
} as const;
export type PtraceRequest = (typeof PTRACE_REQUESTS)[keyof typeof PTRACE_REQUESTS];

export const TraceOption = { SYSGOOD: 1, EXIT_KILL: 1 << 20 } as const;
/** Bit of the stop signal of a system call with TraceOption.SYSGOOD. */
export const SYSCALL_STOP = 0x80;

/** Words of user_regs_struct (sys/user.h), which is also how a process keeps its registers here. */
export const UserRegister = { EBX: 0, ECX: 1, EDX: 2, ESI: 3, EDI: 4, EBP: 5, EAX: 6, DS: 7, ES: 8, FS: 9, GS: 10, ORIG_EAX: 11, EIP: 12, CS: 13, EFLAGS: 14, ESP: 15, SS: 16 } as const;
export const USER_REGISTERS = 17;
/** user_fpregs_struct: what FNSAVE stores (SDM vol. 1, figure 8-9). */
export const X87_IMAGE_BYTES = 108;
/** Register sets of PTRACE_GETREGSET (elf.h): general registers, and x87 as in user_fpregs_struct. The host's processors have no more. */
export const RegisterSet = { GENERAL: 1, X87: 2 } as const;
