#include "checksum.h"
#include "program.h"

static char role[] = "--status";

/* The executed program does nothing but end. */
int32_t program_role(const char *asked, const char *argument) {
  return text_compare(asked, role) == 0 ? (int32_t)text_number(argument, FAILED_STATUS) : NO_ROLE;
}

uint32_t workload_run(uint32_t scale) {
  static char status[] = "42";
  uint32_t sum = CHECKSUM_SEED;
  for (uint32_t round = 0; round < scale; round++) {
    const int32_t child = checked(call_fork(), "fork");
    if (child == 0) become(role, status);
    sum = fold(sum, wait_for(child));
  }
  return sum;
}
