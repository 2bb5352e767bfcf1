/* As compilers of the time put jump tables, constants and even variables between functions. */
#include "checksum.h"
#include "neighbour.h"
#include "program.h"
#include "random.h"

#define STREAM 0x70616765u

static uint8_t *page;

void workload_prepare(void) {
  page = pages_map(PAGE_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC);
  memcpy(page, neighbour_template, (uint32_t)(neighbour_template_end - neighbour_template));
}

static uint32_t run(uint32_t value) {
  __asm__ volatile("call *%1" : "+a"(value) : "r"(page) : "ecx", "edx", "memory", "cc");
  return value;
}

uint32_t workload_run(uint32_t scale) {
  uint32_t sum = CHECKSUM_SEED, random = STREAM;
  for (uint32_t call = 0; call < scale; call++) sum = fold(sum, run(random_next(&random)));
  return sum;
}
