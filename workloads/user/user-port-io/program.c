/* The POST port: a write there is seen by nobody, and what a read finds is left out of the checksum. */
#include "checksum.h"
#include "port-numbers.h"
#include "program.h"

void workload_prepare(void) {
  if (is_error(call_ioperm(POST_CODE, 1, 1))) skip("ioperm is not permitted: it needs root and CAP_SYS_RAWIO");
}

uint32_t workload_run(uint32_t scale) {
  uint32_t sum = CHECKSUM_SEED;
  for (uint32_t round = 0; round < scale; round++) {
    uint8_t value = (uint8_t)round;
    __asm__ volatile("outb %0, %1\n\tinb %1, %0" : "+a"(value) : "i"(POST_CODE));
    sum = fold(sum, round);
  }
  return sum;
}
