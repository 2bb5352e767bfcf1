/*
 * The part of the Linux i386 system-call interface that the programs use: numbers in EAX, arguments in EBX, ECX, EDX,
 * ESI, EDI, EBP, the result or a negated error number in EAX (Linux manual, syscall(2) and the pages of each call).
 */
#ifndef LINUX_ABI_H
#define LINUX_ABI_H

#include <stdint.h>

enum linux_call {
  LINUX_EXIT = 1,
  LINUX_FORK = 2,
  LINUX_READ = 3,
  LINUX_WRITE = 4,
  LINUX_OPEN = 5,
  LINUX_CLOSE = 6,
  LINUX_WAITPID = 7,
  LINUX_UNLINK = 10,
  LINUX_EXECVE = 11,
  LINUX_GETPID = 20,
  LINUX_KILL = 37,
  LINUX_PIPE = 42,
  LINUX_DUP2 = 63,
  LINUX_GETPPID = 64,
  LINUX_MUNMAP = 91,
  LINUX_IOPERM = 101,
  LINUX_SETITIMER = 104,
  LINUX_MPROTECT = 125,
  LINUX_RT_SIGACTION = 174,
  LINUX_PREAD64 = 180,
  LINUX_MMAP2 = 192,
  LINUX_STAT64 = 195,
};

/* A result in the last page of the address space is a negated error number. */
#define LARGEST_ERROR 4095

#define O_RDONLY 00
#define O_WRONLY 01
#define O_RDWR 02
#define O_CREAT 0100
#define O_TRUNC 01000

#define STANDARD_INPUT 0
#define STANDARD_OUTPUT 1
#define STANDARD_ERROR 2

#define PROT_NONE 0
#define PROT_READ 1
#define PROT_WRITE 2
#define PROT_EXEC 4
#define MAP_SHARED 0x01
#define MAP_PRIVATE 0x02
#define MAP_ANONYMOUS 0x20
#define NO_FILE (-1)

#define SIGUSR1 10
#define SIGSEGV 11
#define SIGALRM 14
#define SA_SIGINFO 0x00000004u
#define SA_RESTORER 0x04000000u
#define SA_RESTART 0x10000000u
#define ITIMER_REAL 0

typedef void (*signal_handler)(int signal);

/* What rt_sigaction reads; its last argument is the size of the mask. */
struct signal_action {
  signal_handler handler;
  uint32_t flags;
  void (*restorer)(void);
  uint32_t mask[2];
};
#define SIGNAL_MASK_BYTES 8

/* The head of siginfo_t for SIGSEGV. */
struct signal_information {
  int32_t signal, error, code;
  void *address;
};

struct interval_timer {
  int32_t interval_seconds, interval_microseconds, value_seconds, value_microseconds;
};

/* struct stat64; what the programs do not read has no name of its own. */
struct file_status {
  uint32_t device[3], inode_low, mode, links, owner, group, special[3];
  uint64_t bytes;
  uint32_t rest[11];
} __attribute__((packed));
_Static_assert(sizeof(struct file_status) == 96, "struct stat64 has 96 bytes on i386");

#endif
