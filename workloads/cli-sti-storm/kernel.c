/*
 * Critical sections as kernels write them: save the flags, lock, work, restore; the inner one finds interrupts off and
 * must leave them off. What the flags say at each step goes into the checksum. All lines of the controllers are masked,
 * so that nothing comes while interrupts are on.
 */
#include "checksum.h"
#include "interrupt-flag.h"
#include "random.h"
#include "workload.h"

#define STREAM 0x636c6921u
#define QUEUE 64u

static uint32_t queue[QUEUE];

static uint32_t inner_section(uint32_t slot, uint32_t value) {
  const uint32_t saved = flags_save();
  interrupts_off();
  queue[slot] ^= value;
  const uint32_t inside = flags_save() & FLAG_INTERRUPT;
  flags_restore(saved);
  return inside;
}

static uint32_t outer_section(uint32_t sum, uint32_t value) {
  const uint32_t saved = flags_save();
  interrupts_off();
  sum = fold(sum, inner_section(value % QUEUE, value));
  sum = fold(sum, flags_save() & FLAG_INTERRUPT);
  sum = fold(sum, queue[value % QUEUE]);
  flags_restore(saved);
  return fold(sum, flags_save() & FLAG_INTERRUPT);
}

uint32_t workload_run(uint32_t scale) {
  uint32_t sum = CHECKSUM_SEED, random = STREAM;
  for (uint32_t round = 0; round < scale; round++) {
    const uint32_t bits = random_next(&random);
    /* Half of the sections begin with interrupts on. */
    if (bits >> 31) interrupts_on();
    else interrupts_off();
    sum = outer_section(sum, bits);
  }
  interrupts_off();
  return sum;
}
