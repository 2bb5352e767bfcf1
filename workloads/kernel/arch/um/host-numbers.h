/* The Linux i386 ABI, as far as this port uses it (docs/user-mode.md, sections 3 and 4), for C and assembly. */
#ifndef UM_HOST_NUMBERS_H
#define UM_HOST_NUMBERS_H

#define HOST_READ 3
#define HOST_WRITE 4
#define HOST_OPEN 5
#define HOST_CLOSE 6
#define HOST_GETPID 20
#define HOST_PTRACE 26
#define HOST_KILL 37
#define HOST_PIPE 42
#define HOST_GETRUSAGE 77
#define HOST_MUNMAP 91
#define HOST_SETITIMER 104
#define HOST_WAIT4 114
#define HOST_SIGRETURN 119
#define HOST_CLONE 120
#define HOST_MPROTECT 125
#define HOST_LLSEEK 140
#define HOST_POLL 168
#define HOST_PRCTL 172
#define HOST_RT_SIGACTION 174
#define HOST_RT_SIGPROCMASK 175
#define HOST_RT_SIGSUSPEND 179
#define HOST_PREAD64 180
#define HOST_PWRITE64 181
#define HOST_SIGALTSTACK 186
#define HOST_MMAP2 192
#define HOST_FTRUNCATE64 194
#define HOST_FCNTL64 221
#define HOST_SET_THREAD_AREA 243
#define HOST_EXIT_GROUP 252
#define HOST_CLOCK_GETTIME 265
#define HOST_MEMFD_CREATE 356
/* The laboratory's; Linux answers ENOSYS. */
#define HOST_MARK 0x5242

#define PTRACE_TRACEME 0
#define PTRACE_POKEUSR 6
#define PTRACE_CONT 7
#define PTRACE_GETREGS 12
#define PTRACE_SETREGS 13
#define PTRACE_GETFPREGS 14
#define PTRACE_SETFPREGS 15
#define PTRACE_SYSCALL 24
#define PTRACE_SET_THREAD_AREA 26
#define PTRACE_SYSEMU 31
#define PTRACE_FAULTINFO 52
#define PTRACE_SWITCH_MM 55
#define PTRACE_SETOPTIONS 0x4200
#define PTRACE_GETSIGINFO 0x4202
#define PTRACE_GETREGSET 0x4204
#define PTRACE_SETREGSET 0x4205
#define PTRACE_O_TRACESYSGOOD 0x1
#define PTRACE_O_EXITKILL 0x100000

#define PRCTL_SET_DEATH_SIGNAL 1

/* clone. The low byte is the signal at the child's end. */
#define CLONE_FILES 0x00000400
#define CLONE_PARENT 0x00008000
#define CLONE_AT_END 17

#define PROT_READ_WRITE 3
#define PROT_READ_EXECUTE 5
#define PROT_EVERYTHING 7
#define MAP_SHARED_FIXED 0x11
#define MAP_SHARED_ANONYMOUS 0x21
#define MAP_PRIVATE_ANONYMOUS_FIXED 0x32

/* struct sigframe of i386: return address, signal, then struct sigcontext. */
#define FRAME_VECTOR 56
#define FRAME_ERROR 60
#define FRAME_ADDRESS 92

#endif
