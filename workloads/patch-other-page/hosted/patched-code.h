/* The same without patching: the function returns what was written into it. */
#ifndef PATCHED_CODE_H
#define PATCHED_CODE_H

#include <stdint.h>

static uint32_t patched_constant;

static inline void constant_patch(uint32_t value) {
  patched_constant = value;
}

static inline uint32_t constant_load(void) {
  return patched_constant;
}

#endif
