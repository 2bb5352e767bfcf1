/** System calls of the i386 ABI that the host knows, by number (asm/unistd_32.h). What is not here is ENOSYS. */
export const CALL_NUMBERS = {
  1: 'exit', 2: 'fork', 3: 'read', 4: 'write', 5: 'open', 6: 'close', 7: 'waitpid', 13: 'time', 19: 'lseek', 20: 'getpid', 24: 'getuid', 26: 'ptrace', 27: 'alarm', 29: 'pause', 37: 'kill', 41: 'dup', 42: 'pipe', 45: 'brk', 47: 'getgid',
  49: 'geteuid', 50: 'getegid', 54: 'ioctl', 55: 'fcntl', 63: 'dup2', 64: 'getppid', 67: 'sigaction', 72: 'sigsuspend', 78: 'gettimeofday', 90: 'old-mmap', 91: 'munmap', 93: 'ftruncate', 104: 'setitimer', 105: 'getitimer',
  114: 'wait4', 119: 'sigreturn', 120: 'clone', 122: 'uname', 125: 'mprotect', 126: 'sigprocmask', 136: 'personality', 140: 'llseek', 145: 'readv', 146: 'writev', 158: 'sched-yield', 162: 'nanosleep', 168: 'poll', 172: 'prctl', 173: 'rt-sigreturn',
  174: 'rt-sigaction', 175: 'rt-sigprocmask', 176: 'rt-sigpending', 179: 'rt-sigsuspend', 180: 'pread64', 181: 'pwrite64', 186: 'sigaltstack', 190: 'vfork', 192: 'mmap2', 194: 'ftruncate64', 197: 'fstat64', 199: 'getuid32', 200: 'getgid32',
  201: 'geteuid32', 202: 'getegid32', 219: 'madvise', 221: 'fcntl64', 224: 'gettid', 238: 'tkill', 243: 'set-thread-area', 244: 'get-thread-area', 252: 'exit-group', 265: 'clock-gettime', 266: 'clock-getres', 270: 'tgkill', 356: 'memfd-create',
  403: 'clock-gettime64',
} as const;
export type CallName = (typeof CALL_NUMBERS)[keyof typeof CALL_NUMBERS];
