/* A machine that is idle most of the time: it wakes, computes a little, and sleeps again. The checksum has the work only. */
#include "checksum.h"
#include "program.h"
#include "random.h"

#define STREAM 0x736c6565u
#define ROUND 4096u
#define LINUX_NANOSLEEP 162u
#define SLEEP_NANOSECONDS 20000000

struct time_value {
  int32_t seconds, nanoseconds;
};

uint32_t workload_run(uint32_t scale) {
  uint32_t sum = CHECKSUM_SEED, random = STREAM;
  for (uint32_t round = 0; round < scale; round++) {
    const struct time_value pause = { 0, SLEEP_NANOSECONDS };
    for (uint32_t step = 0; step < ROUND; step++) sum = fold(sum, random_next(&random));
    checked(raw_call(LINUX_NANOSLEEP, (uint32_t)&pause, 0, 0), "nanosleep");
  }
  return sum;
}
