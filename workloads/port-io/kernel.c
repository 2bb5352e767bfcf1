/*
 * Port accesses with hardly anything between them. Only the UART's scratch register is read: it returns what was
 * written, on every machine.
 */
#include "checksum.h"
#include "ports.h"
#include "random.h"
#include "workload.h"

#define STREAM 0x706f7274u

uint32_t workload_run(uint32_t scale) {
  uint32_t sum = CHECKSUM_SEED;
  uint32_t random = STREAM;
  for (uint32_t i = 0; i < scale; i++) {
    const uint32_t bits = random_next(&random);
    port_write(POST_CODE, (uint8_t)i);
    port_write(COM1_SCRATCH, (uint8_t)bits);
    port_write(POST_CODE, (uint8_t)(bits >> 8));
    sum = fold(sum, port_read(COM1_SCRATCH));
  }
  return sum;
}
