/* The same without patching: what the instruction loads is what was written into it. */
#ifndef PATCHED_CODE_H
#define PATCHED_CODE_H

#include <stdint.h>

#include "checksum.h"

static inline uint32_t patch_and_execute(uint32_t sum, uint32_t patches) {
  for (; patches > 0; patches--) sum = fold(sum, sum + patches);
  return sum;
}

#endif
