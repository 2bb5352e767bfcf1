#include "checksum.h"
#include "program.h"

static char path[TEMPORARY_PATH_BYTES];

void workload_prepare(void) {
  const int32_t file = temporary_file(path, "stat");
  write_all(file, path, 5);
  call_close(file);
}

uint32_t workload_run(uint32_t scale) {
  uint32_t sum = CHECKSUM_SEED;
  for (uint32_t call = 0; call < scale; call++) {
    struct file_status status;
    checked(call_stat(path, &status), "stat64");
    sum = fold(sum, (uint32_t)status.bytes);
  }
  return sum;
}

void program_finish(void) {
  checked(call_unlink(path), "unlink");
}
