/*
 * A program in virtual-8086 mode runs its rounds and halts; its registers and the monitor's counts make the checksum.
 */
#include "checksum.h"
#include "real-mode.h"
#include "workload.h"

#define STREAM 0x76383621u

uint32_t workload_run(uint32_t scale) {
  struct real_mode_result result = real_mode_run(scale, STREAM);
  uint32_t sum = fold(fold(fold(CHECKSUM_SEED, result.stream), result.gathered), result.serviced);
  for (uint32_t kind = 0; kind < EMULATED_KINDS; kind++) sum = fold(sum, result.emulated[kind]);
  return sum;
}
