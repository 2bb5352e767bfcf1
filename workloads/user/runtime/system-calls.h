/*
 * System calls as functions. Each returns what the kernel returns: a result, or a negated error number. Those with up
 * to three arguments are expanded in place, so that a loop over one is little more than its INT 80h.
 */
#ifndef SYSTEM_CALLS_H
#define SYSTEM_CALLS_H

#include "linux-abi.h"

/* Calls with more than three arguments; entry.S. */
int32_t raw_call6(uint32_t number, uint32_t a, uint32_t b, uint32_t c, uint32_t d, uint32_t e, uint32_t f);

static inline int32_t raw_call(uint32_t number, uint32_t a, uint32_t b, uint32_t c) {
  int32_t result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory");
  return result;
}

/* True if a result that is an address or a large number is an error. */
static inline int is_error(int32_t result) {
  return result < 0 && result >= -LARGEST_ERROR;
}

static inline __attribute__((noreturn)) void call_exit(int32_t status) {
  raw_call(LINUX_EXIT, (uint32_t)status, 0, 0);
  __builtin_unreachable();
}

static inline int32_t call_fork(void) {
  return raw_call(LINUX_FORK, 0, 0, 0);
}

static inline int32_t call_read(int32_t file, void *buffer, uint32_t bytes) {
  return raw_call(LINUX_READ, (uint32_t)file, (uint32_t)buffer, bytes);
}

static inline int32_t call_write(int32_t file, const void *buffer, uint32_t bytes) {
  return raw_call(LINUX_WRITE, (uint32_t)file, (uint32_t)buffer, bytes);
}

static inline int32_t call_open(const char *path, uint32_t flags, uint32_t mode) {
  return raw_call(LINUX_OPEN, (uint32_t)path, flags, mode);
}

static inline int32_t call_close(int32_t file) {
  return raw_call(LINUX_CLOSE, (uint32_t)file, 0, 0);
}

static inline int32_t call_waitpid(int32_t process, int32_t *status) {
  return raw_call(LINUX_WAITPID, (uint32_t)process, (uint32_t)status, 0);
}

static inline int32_t call_unlink(const char *path) {
  return raw_call(LINUX_UNLINK, (uint32_t)path, 0, 0);
}

static inline int32_t call_execve(const char *path, char *const arguments[], char *const environment[]) {
  return raw_call(LINUX_EXECVE, (uint32_t)path, (uint32_t)arguments, (uint32_t)environment);
}

static inline int32_t call_getpid(void) {
  return raw_call(LINUX_GETPID, 0, 0, 0);
}

static inline int32_t call_getppid(void) {
  return raw_call(LINUX_GETPPID, 0, 0, 0);
}

static inline int32_t call_kill(int32_t process, int32_t signal) {
  return raw_call(LINUX_KILL, (uint32_t)process, (uint32_t)signal, 0);
}

/* ends[0] is read from, ends[1] written to. */
static inline int32_t call_pipe(int32_t ends[2]) {
  return raw_call(LINUX_PIPE, (uint32_t)ends, 0, 0);
}

static inline int32_t call_dup2(int32_t file, int32_t as) {
  return raw_call(LINUX_DUP2, (uint32_t)file, (uint32_t)as, 0);
}

static inline int32_t call_ioperm(uint32_t port, uint32_t count, uint32_t allowed) {
  return raw_call(LINUX_IOPERM, port, count, allowed);
}

static inline int32_t call_setitimer(uint32_t which, const struct interval_timer *timer) {
  return raw_call(LINUX_SETITIMER, which, (uint32_t)timer, 0);
}

static inline int32_t call_mprotect(void *address, uint32_t bytes, uint32_t rights) {
  return raw_call(LINUX_MPROTECT, (uint32_t)address, bytes, rights);
}

static inline int32_t call_munmap(void *address, uint32_t bytes) {
  return raw_call(LINUX_MUNMAP, (uint32_t)address, bytes, 0);
}

static inline int32_t call_stat(const char *path, struct file_status *status) {
  return raw_call(LINUX_STAT64, (uint32_t)path, (uint32_t)status, 0);
}

static inline int32_t call_sigaction(int32_t signal, const struct signal_action *action) {
  return raw_call6(LINUX_RT_SIGACTION, (uint32_t)signal, (uint32_t)action, 0, SIGNAL_MASK_BYTES, 0, 0);
}

/* The offset is 64 bits wide, low word first. */
static inline int32_t call_pread(int32_t file, void *buffer, uint32_t bytes, uint32_t offset) {
  return raw_call6(LINUX_PREAD64, (uint32_t)file, (uint32_t)buffer, bytes, offset, 0, 0);
}

/* Maps from the file's beginning, or zeros with MAP_ANONYMOUS. */
static inline void *call_mmap(uint32_t bytes, uint32_t rights, uint32_t flags, int32_t file) {
  return (void *)raw_call6(LINUX_MMAP2, 0, bytes, rights, flags, (uint32_t)file, 0);
}

#endif
