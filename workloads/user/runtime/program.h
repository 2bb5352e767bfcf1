/*
 * What the runtime gives a program beside the system calls. A program supplies workload_prepare and workload_run
 * (workload.h), as the bare guests do, and may supply the two functions at the end.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <stdint.h>

#include "system-calls.h"
#include "text.h"
#include "workload.h"

#define PAGE_BYTES 4096u

/* As given on the command line; the scale, if any, is arguments[1]. */
extern uint32_t argument_count;
extern char **arguments;

/* Says on standard error what went wrong, and with which error number, and ends the process with FAILED_STATUS. */
__attribute__((noreturn)) void fail(const char *what, int32_t result);

/* Says on standard error why this machine cannot run the program, and ends the process with SKIPPED_STATUS. */
__attribute__((noreturn)) void skip(const char *reason);

#define FAILED_STATUS 1
#define SKIPPED_STATUS 77

/* Passes a result on, or fails with `what` if it is an error. */
static inline int32_t checked(int32_t result, const char *what) {
  if (is_error(result)) fail(what, result);
  return result;
}

/* Fresh zeroed pages, or a failed program. */
void *pages_map(uint32_t bytes, uint32_t rights);

/* Writes or reads all of a buffer, whatever the kernel does at once. Reading returns fewer bytes only at the end. */
void write_all(int32_t file, const void *buffer, uint32_t bytes);
uint32_t read_all(int32_t file, void *buffer, uint32_t bytes);

/* Installs a handler in the old form, without SA_SIGINFO, and fails where that is refused. */
void handle_signal(int32_t signal, signal_handler handler);
/* The same with SA_SIGINFO. */
void handle_signal_with_information(int32_t signal, void (*handler)(int, struct signal_information *, void *));

/* Waits for one child and returns its exit status; fails if it was killed. */
uint32_t wait_for(int32_t process);

/* Replaces this process by a new run of the program with the given arguments, the first of which is a role. */
__attribute__((noreturn)) void become(char *role, char *argument);

/* Creates a file below /tmp whose name only this process uses; returns it open, its path in `path`. */
int32_t temporary_file(char path[], const char *name);
#define TEMPORARY_PATH_BYTES 64

/* Optional: clean up behind the measured region. */
void program_finish(void);

/* Optional: if the program was started by `become`, does that work and returns the exit status; else NO_ROLE. */
int32_t program_role(const char *role, const char *argument);
#define NO_ROLE (-1)

#endif
