/** Numbers of clone, wait4 and exit statuses (linux/sched.h, linux/wait.h). */
export const CloneFlag = { SIGNAL: 0xff, VM: 0x100, FS: 0x200, FILES: 0x400, SIGHAND: 0x800, PTRACE: 0x2000, VFORK: 0x4000, PARENT: 0x8000, THREAD: 0x10000, SETTLS: 0x80000 } as const;
export const WaitOption = { NO_HANG: 1, UNTRACED: 2 } as const;

export const exitStatus = (code: number): number => (code & 0xff) << 8;
const STOPPED = 0x7f;
export const stopStatus = (signal: number): number => (signal << 8) | STOPPED;
