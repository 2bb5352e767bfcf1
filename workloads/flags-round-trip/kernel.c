/*
 * PUSHF and POPF around arithmetic: EFLAGS as a whole, stored and loaded while both sides hold something. Unprivileged and sensitive (Intel SDM vol. 2, POPF), so
 * a monitor may have to see to each.
 */
#include "checksum.h"
#include "random.h"
#include "workload.h"

#define STREAM 0x666c6167u
#define PAIRS 8u

/* An addition sets the flags, they go to the stack and come back, and the carry is taken from what came back. */
static inline uint32_t round_trip(uint32_t sum, uint32_t value) {
  __asm__ volatile(
    "addl %1, %0\n\t"
    "pushfl\n\t"
    "popfl\n\t"
    "adcl %1, %0"
    : "+r"(sum) : "r"(value) : "cc", "memory");
  return sum;
}

uint32_t workload_run(uint32_t scale) {
  uint32_t sum = CHECKSUM_SEED, random = STREAM;
  for (uint32_t unit = 0; unit < scale; unit++) {
    const uint32_t bits = random_next(&random);
    for (uint32_t pair = 0; pair < PAIRS; pair++) sum = round_trip(sum, bits ^ pair);
    sum = fold(sum, bits);
  }
  return sum;
}
