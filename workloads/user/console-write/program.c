/*
 * Lines to the console, one system call each. What arrives there is the console's affair and stays out of the checksum;
 * another device may be named behind the scale.
 */
#include "checksum.h"
#include "program.h"

#define DEVICE "/dev/console"
#define LINE_BYTES 64u

static int32_t device;
static char line[LINE_BYTES];

void workload_prepare(void) {
  device = call_open(argument_count > 2 ? arguments[2] : DEVICE, O_WRONLY, 0);
  if (is_error(device)) skip("there is no console that can be written to");
  for (uint32_t at = 0; at < LINE_BYTES - 1; at++) line[at] = (char)('0' + at);
  line[LINE_BYTES - 1] = '\n';
}

uint32_t workload_run(uint32_t scale) {
  uint32_t sum = CHECKSUM_SEED;
  for (uint32_t written = 0; written < scale; written++) sum = fold(sum, (uint32_t)checked(call_write(device, line, LINE_BYTES), "write"));
  return sum;
}
