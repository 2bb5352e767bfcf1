/*
 * How many signals arrive depends on how long the work takes, so the checksum has the work only. A handler that
 * disturbed a register of the work would change it.
 */
#include "checksum.h"
#include "program.h"
#include "random.h"

#define STREAM 0x74696d65u
#define ROUND 4096u
#define PERIOD_MICROSECONDS 10000

static volatile uint32_t fired;

static void handler(int signal) {
  fired += (uint32_t)signal;
}

static void timer_set(int32_t microseconds) {
  const struct interval_timer timer = { 0, microseconds, 0, microseconds };
  checked(call_setitimer(ITIMER_REAL, &timer), "setitimer");
}

void workload_prepare(void) {
  handle_signal(SIGALRM, handler);
}

uint32_t workload_run(uint32_t scale) {
  uint32_t sum = CHECKSUM_SEED, random = STREAM;
  timer_set(PERIOD_MICROSECONDS);
  for (uint32_t round = 0; round < scale; round++) {
    for (uint32_t step = 0; step < ROUND; step++) sum = fold(sum, random_next(&random));
  }
  timer_set(0);
  return sum;
}
