#include "checksum.h"
#include "program.h"

#define CHILDREN 4u
#define GRANDCHILDREN 2u
#define WORK_WORDS 256u
#define STATUS_MASK 0x7fu

static uint32_t work[WORK_WORDS];

/* Writes to memory that is shared until then. */
static uint32_t compute(uint32_t seed) {
  for (uint32_t at = 0; at < WORK_WORDS; at++) seed = work[at] = fold(work[at], seed);
  return seed;
}

static __attribute__((noreturn)) void live(uint32_t seed) {
  int32_t grandchildren[GRANDCHILDREN];
  uint32_t sum = compute(seed);
  for (uint32_t at = 0; at < GRANDCHILDREN; at++) {
    grandchildren[at] = checked(call_fork(), "fork");
    if (grandchildren[at] == 0) call_exit((int32_t)(compute(sum + at) & STATUS_MASK));
  }
  for (uint32_t at = 0; at < GRANDCHILDREN; at++) sum = fold(sum, wait_for(grandchildren[at]));
  call_exit((int32_t)(sum & STATUS_MASK));
}

/* Children run at the same time; their results are taken in the order in which they were made. */
uint32_t workload_run(uint32_t scale) {
  uint32_t sum = CHECKSUM_SEED;
  for (uint32_t wave = 0; wave < scale; wave++) {
    int32_t children[CHILDREN];
    for (uint32_t at = 0; at < CHILDREN; at++) {
      children[at] = checked(call_fork(), "fork");
      if (children[at] == 0) live(wave * CHILDREN + at);
    }
    for (uint32_t at = 0; at < CHILDREN; at++) sum = fold(sum, wait_for(children[at]));
  }
  return sum;
}
