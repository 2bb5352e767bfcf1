/* What the paravirtual port keeps for each address space and process. */
#ifndef ARCH_CONTEXT_H
#define ARCH_CONTEXT_H

#include "base/types.h"

/* As on Linux for i386. */
#define THREAD_SEGMENT_FIRST 6

struct arch_space {
  /* The kernel's own record of what is mapped, in the format of a page directory: what the monitor walks is the monitor's. */
  uint32_t *directory;
  /* The monitor's name of this space. */
  uint32_t handle;
};

struct arch_context {
  /* Kernel stack pointer while another process runs, and where the stack begins. */
  uint32_t esp, stack_top;
  uint64_t thread_segments[3];
  bool x87_used;
  uint8_t x87[108];
};

#endif
