/*
 * A function on a page of its own is patched from outside and called at once, as by a kernel that loads a module or a compiler that emits a stub. Its immediate is
 * different each time, and the checksum takes what it returned.
 */
#include "checksum.h"
#include "patched-code.h"
#include "workload.h"

#define PATCHES 8u

uint32_t workload_run(uint32_t scale) {
  uint32_t sum = CHECKSUM_SEED;
  for (uint32_t unit = 0; unit < scale; unit++) {
    for (uint32_t patch = PATCHES; patch > 0; patch--) {
      constant_patch(sum);
      sum = fold(sum, constant_load() + patch);
    }
  }
  return sum;
}
