/* Start and end of the system. */
#ifndef KERNEL_H
#define KERNEL_H

#include "base/types.h"

/* Options of the command line; README.md lists them. */
struct kernel_options {
  bool verbose, raw, framed, mortal;
  uint32_t seed;
};
extern struct kernel_options kernel_options;

/* Init has ended with this wait status: powers off with its exit status, or 128 + signal. */
__attribute__((noreturn)) void kernel_finish(uint32_t wait_status);

#endif
