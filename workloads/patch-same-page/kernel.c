/*
 * Code that changes an instruction on its own page and executes it at once: just-in-time compilers, boot loaders and lazy linking do it. The immediate of the
 * patched instruction is different each time, and the checksum takes what the instruction loaded.
 */
#include "checksum.h"
#include "patched-code.h"
#include "workload.h"

#define PATCHES 8u

uint32_t workload_run(uint32_t scale) {
  uint32_t sum = CHECKSUM_SEED;
  for (uint32_t unit = 0; unit < scale; unit++) sum = patch_and_execute(sum, PATCHES);
  return sum;
}
