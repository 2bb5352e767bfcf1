/* What the port to a host process keeps for each address space and process. */
#ifndef ARCH_CONTEXT_H
#define ARCH_CONTEXT_H

#include "base/types.h"

/* The host's: 6 on i386, 12 on x86-64. */
extern uint32_t host_thread_segment_first;
#define THREAD_SEGMENT_FIRST host_thread_segment_first

/* A traced process of the host's, and the thread-local segments that it has. */
struct host_process {
  int32_t pid;
  uint64_t segments[3];
};

struct arch_space {
  /* The kernel's own record of what is mapped, in the format of a page directory. */
  uint32_t *directory;
  /* Changes that the host has not been told yet: how many, and the page of the space's stub with them. */
  uint32_t changes;
  struct stub_data *stub;
  /* The space itself; with skas3 a descriptor of /proc/mm. */
  struct host_process process;
  int32_t memory;
};

struct arch_context {
  /* Kernel stack pointer while another process runs, and where the stack begins. */
  uint32_t esp, stack_top;
  uint64_t thread_segments[3];
  bool x87_used;
  /* As of the last stop. */
  uint32_t x87[27];
};

#endif
