/*
 * System calls by number (arch/x86/entry/syscalls/syscall_32.tbl of Linux gives the numbers). Where the function has another name than the call, a comment
 * says the call's: scripts/write-system-calls.mjs makes docs/system-calls.md of this table.
 */
#include "base/errors.h"
#include "base/text.h"
#include "kernel.h"
#include "process/calls.h"
#include "process/process.h"

typedef int (*call_function)(const uint32_t *a);

static const call_function table[] = {
  [1] = call_exit, [2] = call_fork, [3] = call_read, [4] = call_write, [5] = call_open, [6] = call_close, [7] = call_waitpid, [8] = call_creat,
  [9] = call_link, [10] = call_unlink, [11] = call_execve, [12] = call_chdir, [13] = call_time, [14] = call_mknod, [15] = call_chmod,
  [16] = call_chown /* lchown */, [19] = call_lseek, [20] = call_getpid, [23] = call_setuid, [24] = call_getuid, [27] = call_alarm, [29] = call_pause,
  [30] = call_utime, [33] = call_access, [34] = call_zero /* nice */, [36] = call_zero /* sync */, [37] = call_kill, [38] = call_rename,
  [39] = call_mkdir, [40] = call_rmdir, [41] = call_dup, [42] = call_pipe, [43] = call_times, [45] = call_brk, [46] = call_zero /* setgid */,
  [47] = call_zero /* getgid */, [48] = call_signal, [49] = call_getuid /* geteuid */, [50] = call_zero /* getegid */, [54] = call_ioctl,
  [55] = call_fcntl, [57] = call_setpgid, [60] = call_umask, [63] = call_dup2, [64] = call_getppid, [65] = call_getpgrp, [66] = call_setsid,
  [67] = call_sigaction, [72] = call_sigsuspend, [73] = call_sigpending, [75] = call_setrlimit, [76] = call_getrlimit, [77] = call_getrusage,
  [78] = call_gettimeofday, [82] = call_select, [83] = call_symlink, [85] = call_readlink, [88] = call_reboot, [90] = call_mmap, [91] = call_munmap,
  [92] = call_truncate, [93] = call_ftruncate, [94] = call_fchmod, [95] = call_fchown, [96] = call_getpriority, [97] = call_zero /* setpriority */,
  [99] = call_statfs, [100] = call_fstatfs, [101] = call_ioperm, [104] = call_setitimer, [105] = call_getitimer, [106] = call_stat,
  [107] = call_lstat, [108] = call_fstat, [110] = call_iopl, [114] = call_wait4, [116] = call_sysinfo, [118] = call_fsync, [119] = call_sigreturn,
  [120] = call_clone, [122] = call_uname, [125] = call_mprotect, [126] = call_sigprocmask, [132] = call_getpgid, [133] = call_fchdir,
  [140] = call_llseek /* _llseek */, [141] = call_getdents, [142] = call_newselect /* _newselect */, [143] = call_fsync /* flock */,
  [144] = call_msync, [145] = call_readv, [146] = call_writev, [147] = call_getsid, [148] = call_fsync /* fdatasync */, [150] = call_zero /* mlock */,
  [151] = call_zero /* munlock */, [158] = call_sched_yield, [162] = call_nanosleep, [163] = call_mremap, [165] = call_getresuid, [168] = call_poll,
  [171] = call_getresuid /* getresgid */, [172] = call_prctl, [173] = call_rt_sigreturn, [174] = call_rt_sigaction, [175] = call_rt_sigprocmask,
  [176] = call_rt_sigpending, [177] = call_rt_sigtimedwait, [179] = call_rt_sigsuspend, [180] = call_pread64, [181] = call_pwrite64,
  [182] = call_chown, [183] = call_getcwd, [186] = call_sigaltstack, [187] = call_sendfile, [190] = call_vfork,
  [191] = call_getrlimit /* ugetrlimit */, [192] = call_mmap2, [193] = call_truncate64, [194] = call_ftruncate64, [195] = call_stat64,
  [196] = call_lstat64, [197] = call_fstat64, [198] = call_chown /* lchown32 */, [199] = call_getuid /* getuid32 */, [200] = call_zero /* getgid32 */,
  [201] = call_getuid /* geteuid32 */, [202] = call_zero /* getegid32 */, [205] = call_getgroups /* getgroups32 */,
  [206] = call_zero /* setgroups32 */, [207] = call_fchown /* fchown32 */, [208] = call_zero /* setresuid32 */,
  [209] = call_getresuid /* getresuid32 */, [210] = call_zero /* setresgid32 */, [211] = call_getresuid /* getresgid32 */,
  [212] = call_chown /* chown32 */, [213] = call_setuid /* setuid32 */, [214] = call_zero /* setgid32 */, [219] = call_madvise,
  [220] = call_getdents64, [221] = call_fcntl64, [224] = call_gettid, [238] = call_tkill, [239] = call_sendfile64, [240] = call_futex,
  [242] = call_sched_getaffinity, [243] = call_set_thread_area, [252] = call_exit_group, [258] = call_set_tid_address, [265] = call_clock_gettime,
  [266] = call_clock_getres, [267] = call_clock_nanosleep, [268] = call_statfs64, [269] = call_fstatfs64, [270] = call_tgkill, [271] = call_utimes,
  [295] = call_openat, [296] = call_mkdirat, [297] = call_mknodat, [298] = call_fchownat, [300] = call_fstatat64, [301] = call_unlinkat,
  [302] = call_renameat, [303] = call_linkat, [304] = call_symlinkat, [305] = call_readlinkat, [306] = call_fchmodat, [307] = call_faccessat,
  [308] = call_pselect6, [309] = call_ppoll, [311] = call_zero /* set_robust_list */, [318] = call_getcpu, [320] = call_utimensat, [330] = call_dup3,
  [331] = call_pipe2, [340] = call_prlimit64, [353] = call_renameat2, [355] = call_getrandom, [383] = call_statx, [403] = call_clock_gettime64,
  [406] = call_clock_getres64 /* clock_getres_time64 */, [407] = call_clock_nanosleep64 /* clock_nanosleep_time64 */,
  [412] = call_utimensat64 /* utimensat_time64 */, [413] = call_pselect6_64 /* pselect6_time64 */, [414] = call_ppoll64 /* ppoll_time64 */,
  [421] = call_rt_sigtimedwait64 /* rt_sigtimedwait_time64 */, [422] = call_futex /* futex_time64 */, [436] = call_close_range,
  [439] = call_faccessat /* faccessat2 */,
};

/* Numbers beyond the table are counted together with the last one. */
#define NUMBERS 512u
static uint32_t unknown[NUMBERS];

static int call(uint32_t number, const uint32_t *arguments) {
  if (number < COUNT_OF(table) && table[number]) return table[number](arguments);
  unknown[smaller(number, NUMBERS - 1)]++;
  return -ENOSYS;
}

void calls_report(void) {
  for (uint32_t number = 0; number < NUMBERS; number++) {
    if (unknown[number]) print("system call %u: not implemented, asked for %u times\n", number, unknown[number]);
  }
}

void kernel_system_call(struct registers *registers) {
  const uint32_t arguments[6] = { registers->ebx, registers->ecx, registers->edx, registers->esi, registers->edi, registers->ebp };
  current->in_system_call = true;
  const int result = call(registers->error, arguments);
  registers->eax = (uint32_t)result;
  /* Interrupted, or a mask to be undone, which must happen even if the signal has gone meanwhile. */
  if (result == -ERESTART_IF_ASKED || result == -ERESTART_NO_HANDLER || current->signals.suspended) signals_deliver(registers);
}
