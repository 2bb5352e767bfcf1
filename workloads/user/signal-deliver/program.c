#include "checksum.h"
#include "program.h"

static volatile uint32_t delivered;

static void handler(int signal) {
  delivered += (uint32_t)signal;
}

void workload_prepare(void) {
  handle_signal(SIGUSR1, handler);
}

uint32_t workload_run(uint32_t scale) {
  const int32_t self = call_getpid();
  for (uint32_t call = 0; call < scale; call++) checked(call_kill(self, SIGUSR1), "kill");
  return fold(CHECKSUM_SEED, delivered);
}
