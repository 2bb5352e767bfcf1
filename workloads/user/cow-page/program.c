#include "checksum.h"
#include "program.h"

#define WINDOW_PAGES 256u
#define PAGE_WORDS (PAGE_BYTES / 4)

static volatile uint32_t *window;

void workload_prepare(void) {
  window = pages_map(WINDOW_PAGES * PAGE_BYTES, PROT_READ | PROT_WRITE);
  for (uint32_t page = 0; page < WINDOW_PAGES; page++) window[page * PAGE_WORDS] = page;
}

/* True if the child saw the parent's values and can change its own. */
static __attribute__((noreturn)) void write_pages(uint32_t pages) {
  uint32_t wrong = 0;
  for (uint32_t page = 0; page < pages; page++) {
    window[page * PAGE_WORDS] += 1;
    wrong |= window[page * PAGE_WORDS] ^ (page + 1);
  }
  call_exit(wrong != 0);
}

uint32_t workload_run(uint32_t scale) {
  uint32_t sum = CHECKSUM_SEED;
  for (uint32_t left = scale; left > 0;) {
    const uint32_t pages = left < WINDOW_PAGES ? left : WINDOW_PAGES;
    const int32_t child = checked(call_fork(), "fork");
    if (child == 0) write_pages(pages);
    sum = fold(sum, wait_for(child));
    left -= pages;
  }
  /* The parent's pages are as they were. */
  for (uint32_t page = 0; page < WINDOW_PAGES; page++) sum = fold(sum, window[page * PAGE_WORDS]);
  return sum;
}
