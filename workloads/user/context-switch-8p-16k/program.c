#include "program.h"
#include "token-ring.h"

#define PROCESSES 8
#define WORKING_SET (16 * 1024)

void workload_prepare(void) {
  ring_open(PROCESSES, WORKING_SET);
}

uint32_t workload_run(uint32_t scale) {
  return ring_run(scale);
}

void program_finish(void) {
  ring_close();
}
