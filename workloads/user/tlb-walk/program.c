#include "checksum.h"
#include "program.h"
#include "random.h"

#define PAGES 2048u
#define PAGE_WORDS (PAGE_BYTES / 4)
#define STREAM 0x746c6221u

static uint32_t *area;

/* Where in a page its word is: spread, so that the words do not compete for one line of a cache. */
static uint32_t *word_of(uint32_t page) {
  return area + page * PAGE_WORDS + page * 16 % PAGE_WORDS;
}

/* One cycle through all pages, by S. Sattolo's shuffle. Each word names the next page. */
void workload_prepare(void) {
  static uint32_t order[PAGES];
  uint32_t random = STREAM;
  area = pages_map(PAGES * PAGE_BYTES, PROT_READ | PROT_WRITE);
  for (uint32_t page = 0; page < PAGES; page++) order[page] = page;
  for (uint32_t last = PAGES - 1; last > 0; last--) {
    const uint32_t other = random_next(&random) % last, kept = order[last];
    order[last] = order[other];
    order[other] = kept;
  }
  for (uint32_t page = 0; page < PAGES; page++) *word_of(page) = order[page];
}

uint32_t workload_run(uint32_t scale) {
  uint32_t sum = CHECKSUM_SEED, page = 0;
  for (uint32_t walk = 0; walk < scale; walk++) {
    for (uint32_t step = 0; step < PAGES; step++) {
      page = *(volatile uint32_t *)word_of(page);
      sum = fold(sum, page);
    }
    if (page != 0) fail("the walk is not one cycle", 0);
  }
  return sum;
}
