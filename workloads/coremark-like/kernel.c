/*
 * Four kinds of everyday computation in turn. Written for this project; the mix follows what EEMBC's CoreMark is known
 * to contain.
 */
#include "checksum.h"
#include "parts.h"
#include "workload.h"

uint32_t workload_run(uint32_t scale) {
  uint32_t sum = CHECKSUM_SEED;
  for (uint32_t round = 0; round < scale; round++) {
    /* Each part's data depend on all results so far, so no round can be left out. */
    sum = fold(sum, list_part(sum));
    sum = fold(sum, matrix_part(sum));
    sum = fold(sum, words_part(sum));
    sum = fold(sum, crc_part(sum));
  }
  return sum;
}
