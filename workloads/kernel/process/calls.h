/* System calls: `a` are the up to six arguments; the result is what the program finds in EAX. */
#ifndef PROCESS_CALLS_H
#define PROCESS_CALLS_H

#include "base/types.h"

#define CALL(name) int call_##name(const uint32_t *a)

CALL(exit); CALL(exit_group); CALL(fork); CALL(vfork); CALL(clone); CALL(execve); CALL(waitpid); CALL(wait4);
CALL(getpid); CALL(getppid); CALL(gettid); CALL(getpgrp); CALL(getpgid); CALL(setpgid); CALL(getsid); CALL(setsid);
CALL(getuid); CALL(setuid); CALL(getresuid); CALL(getgroups); CALL(sched_yield); CALL(set_tid_address); CALL(getpriority);
CALL(zero); CALL(iopl); CALL(ioperm); CALL(set_thread_area); CALL(prctl); CALL(sched_getaffinity);
CALL(uname); CALL(sysinfo); CALL(getrlimit); CALL(setrlimit); CALL(prlimit64); CALL(getrusage); CALL(times);
CALL(getrandom); CALL(futex); CALL(reboot); CALL(getcpu);

CALL(time); CALL(gettimeofday); CALL(clock_gettime); CALL(clock_gettime64); CALL(clock_getres); CALL(clock_getres64);
CALL(nanosleep); CALL(clock_nanosleep); CALL(clock_nanosleep64); CALL(alarm); CALL(setitimer); CALL(getitimer);

CALL(kill); CALL(tkill); CALL(tgkill); CALL(signal); CALL(sigaction); CALL(rt_sigaction); CALL(sigprocmask); CALL(rt_sigprocmask);
CALL(sigpending); CALL(rt_sigpending); CALL(sigsuspend); CALL(rt_sigsuspend); CALL(sigaltstack); CALL(sigreturn);
CALL(rt_sigreturn); CALL(pause); CALL(rt_sigtimedwait); CALL(rt_sigtimedwait64);

CALL(mmap); CALL(mmap2); CALL(munmap); CALL(mprotect); CALL(mremap); CALL(brk); CALL(madvise); CALL(msync);

CALL(open); CALL(openat); CALL(creat); CALL(close); CALL(read); CALL(write); CALL(readv); CALL(writev); CALL(pread64);
CALL(pwrite64); CALL(lseek); CALL(llseek); CALL(dup); CALL(dup2); CALL(dup3); CALL(fcntl); CALL(fcntl64); CALL(ioctl);
CALL(pipe); CALL(pipe2); CALL(poll); CALL(ppoll); CALL(ppoll64); CALL(select); CALL(newselect); CALL(pselect6);
CALL(pselect6_64); CALL(sendfile); CALL(sendfile64); CALL(ftruncate); CALL(ftruncate64); CALL(truncate); CALL(truncate64);
CALL(fsync); CALL(close_range);

CALL(stat); CALL(lstat); CALL(fstat); CALL(stat64); CALL(lstat64); CALL(fstat64); CALL(fstatat64); CALL(statx);
CALL(statfs); CALL(fstatfs); CALL(statfs64); CALL(fstatfs64); CALL(access); CALL(faccessat); CALL(readlink);
CALL(readlinkat); CALL(getcwd); CALL(chdir); CALL(fchdir); CALL(mkdir); CALL(mkdirat); CALL(rmdir); CALL(unlink);
CALL(unlinkat); CALL(link); CALL(linkat); CALL(symlink); CALL(symlinkat); CALL(rename); CALL(renameat); CALL(renameat2);
CALL(mknod); CALL(mknodat); CALL(chmod); CALL(fchmod); CALL(fchmodat); CALL(chown); CALL(fchown); CALL(fchownat);
CALL(umask); CALL(utime); CALL(utimes); CALL(utimensat); CALL(utimensat64); CALL(getdents); CALL(getdents64);

#undef CALL

/* Shows at the end which calls were asked for and do not exist. */
void calls_report(void);

#endif
