/* A function that returns a constant, on a page of its own that may be written. */
#ifndef PATCHED_CODE_H
#define PATCHED_CODE_H

#include <stdint.h>

/* The immediate of the function's only instruction. */
extern volatile uint32_t patched_constant;

uint32_t constant_load(void);

static inline void constant_patch(uint32_t value) {
  patched_constant = value;
}

#endif
