/* lmbench's lat_pipe. The other process answers with the byte's complement. */
#include "checksum.h"
#include "program.h"

static int32_t there[2], back[2], child;

static __attribute__((noreturn)) void answer(void) {
  uint8_t byte;
  call_close(there[1]);
  call_close(back[0]);
  while (call_read(there[0], &byte, 1) == 1) {
    byte = (uint8_t)~byte;
    write_all(back[1], &byte, 1);
  }
  call_exit(0);
}

void workload_prepare(void) {
  checked(call_pipe(there), "pipe");
  checked(call_pipe(back), "pipe");
  child = checked(call_fork(), "fork");
  if (child == 0) answer();
  call_close(there[0]);
  call_close(back[1]);
}

uint32_t workload_run(uint32_t scale) {
  uint32_t sum = CHECKSUM_SEED;
  for (uint32_t trip = 0; trip < scale; trip++) {
    uint8_t byte = (uint8_t)trip;
    write_all(there[1], &byte, 1);
    if (read_all(back[0], &byte, 1) != 1) fail("the other process went away", 0);
    sum = fold(sum, byte);
  }
  return sum;
}

void program_finish(void) {
  call_close(there[1]);
  wait_for(child);
}
