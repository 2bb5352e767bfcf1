/*
 * Blocks of the first megabyte in an order that no read-ahead guesses. Their contents are not ours and stay out of the
 * checksum; another device may be named behind the scale.
 */
#include "checksum.h"
#include "program.h"

#define DEVICE "/dev/hda"
#define BLOCKS 256u
/* Coprime to the number of blocks. */
#define STRIDE 97u

static int32_t device;

void workload_prepare(void) {
  device = call_open(argument_count > 2 ? arguments[2] : DEVICE, O_RDONLY, 0);
  if (is_error(device)) skip("there is no readable block device");
}

uint32_t workload_run(uint32_t scale) {
  static uint8_t buffer[PAGE_BYTES];
  uint32_t sum = CHECKSUM_SEED;
  for (uint32_t read = 0; read < scale; read++) {
    const uint32_t block = read * STRIDE % BLOCKS;
    sum = fold(sum, (uint32_t)checked(call_pread(device, buffer, PAGE_BYTES, block * PAGE_BYTES), "pread64"));
  }
  return sum;
}
