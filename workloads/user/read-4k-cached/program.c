#include "checksum.h"
#include "program.h"

#define FILE_PAGES 256u

static uint32_t buffer[PAGE_BYTES / 4];
static int32_t file;

void workload_prepare(void) {
  char path[TEMPORARY_PATH_BYTES];
  file = temporary_file(path, "read");
  for (uint32_t page = 0; page < FILE_PAGES; page++) {
    buffer[0] = page ^ CHECKSUM_SEED;
    write_all(file, buffer, PAGE_BYTES);
  }
  checked(call_unlink(path), "unlink");
}

uint32_t workload_run(uint32_t scale) {
  uint32_t sum = CHECKSUM_SEED;
  for (uint32_t call = 0; call < scale; call++) {
    const int32_t bytes = checked(call_pread(file, buffer, PAGE_BYTES, call % FILE_PAGES * PAGE_BYTES), "pread64");
    sum = fold(fold(sum, (uint32_t)bytes), buffer[0]);
  }
  return sum;
}
