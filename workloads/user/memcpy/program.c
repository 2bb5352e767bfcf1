#include "checksum.h"
#include "program.h"
#include "random.h"

#define BYTES (1u << 20)
#define STREAM 0x636f7079u

static uint32_t source[BYTES / 4], target[BYTES / 4];

void workload_prepare(void) {
  uint32_t random = STREAM;
  for (uint32_t word = 0; word < BYTES / 4; word++) source[word] = random_next(&random);
  memcpy(target, source, BYTES);
}

uint32_t workload_run(uint32_t scale) {
  uint32_t sum = CHECKSUM_SEED;
  for (uint32_t copy = 0; copy < scale; copy++) {
    const uint32_t word = copy % (BYTES / 4);
    source[word] += copy;
    memcpy(target, source, BYTES);
    /* A memory clobber: no copy may be dropped for the next. */
    __asm__ volatile("" : : "r"(target) : "memory");
    sum = fold(sum, target[word]);
  }
  return sum;
}
