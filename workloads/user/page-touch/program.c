#include "checksum.h"
#include "program.h"

#define WINDOW_PAGES 256u

/* A fresh page reads as zero, so each contributes what was written last and nothing else. */
static uint32_t touch(uint32_t pages, uint32_t sum) {
  uint8_t *window = pages_map(WINDOW_PAGES * PAGE_BYTES, PROT_READ | PROT_WRITE);
  for (uint32_t page = 0; page < pages; page++) {
    volatile uint32_t *word = (volatile uint32_t *)(window + page * PAGE_BYTES);
    *word += page;
    sum += *word;
  }
  checked(call_munmap(window, WINDOW_PAGES * PAGE_BYTES), "munmap");
  return sum;
}

uint32_t workload_run(uint32_t scale) {
  uint32_t sum = 0;
  for (uint32_t left = scale; left > 0;) {
    const uint32_t pages = left < WINDOW_PAGES ? left : WINDOW_PAGES;
    sum = touch(pages, sum);
    left -= pages;
  }
  return fold(CHECKSUM_SEED, sum);
}
