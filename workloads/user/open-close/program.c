#include "checksum.h"
#include "program.h"

static char path[TEMPORARY_PATH_BYTES];

void workload_prepare(void) {
  call_close(temporary_file(path, "open"));
}

uint32_t workload_run(uint32_t scale) {
  uint32_t sum = CHECKSUM_SEED;
  for (uint32_t call = 0; call < scale; call++) {
    const int32_t file = checked(call_open(path, O_RDONLY, 0), "open");
    sum = fold(sum, (uint32_t)call_close(file));
  }
  return sum;
}

void program_finish(void) {
  checked(call_unlink(path), "unlink");
}
