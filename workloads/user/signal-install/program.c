#include "checksum.h"
#include "program.h"

static void handler(int signal) {
  (void)signal;
}

uint32_t workload_run(uint32_t scale) {
  for (uint32_t call = 0; call < scale; call++) handle_signal(SIGUSR1, handler);
  return fold(CHECKSUM_SEED, scale);
}
