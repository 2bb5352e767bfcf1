/* What the PC keeps for each address space and process. */
#ifndef ARCH_CONTEXT_H
#define ARCH_CONTEXT_H

#include "base/types.h"

/* As on Linux for i386. */
#define THREAD_SEGMENT_FIRST 6

struct arch_space {
  uint32_t *directory;
};

/* Ports below this can be opened one by one, as in Linux's ioperm before 2.6. */
#define PORT_MAP_PORTS 1024u
#define PORT_MAP_BYTES (PORT_MAP_PORTS / 8)

struct arch_context {
  /* Kernel stack pointer while another process runs, and where the stack begins. */
  uint32_t esp, stack_top;
  uint64_t thread_segments[3];
  bool x87_used;
  uint8_t x87[108];
  /* Null: all ports are closed. */
  uint8_t *port_map;
};

#endif
