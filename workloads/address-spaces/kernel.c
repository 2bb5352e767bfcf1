/*
 * Two address spaces and 64 pages: load the other one's CR3, read and write a word of each page, as after a switch between two processes. Half of the pages
 * have a frame of their own in each space, the others share one. The processor forgets all translations at each load.
 */
#include "checksum.h"
#include "page-entry.h"
#include "spaces.h"
#include "workload.h"

#define PAGES 64u
#define SHARED_PAGES 32u
#define WORDS (PAGE_BYTES / 4)

static uint32_t frames[SPACES * PAGES][WORDS] __attribute__((aligned(4096)));

/* The frame of a page of the window in a space; the shared pages have that of space 0. */
static uint32_t *frame_of(uint32_t space, uint32_t page) {
  return frames[page < SHARED_PAGES ? page : space * PAGES + page];
}

static uint32_t visit_pages(uint32_t sum, uint32_t word) {
  for (uint32_t page = 0; page < PAGES; page++) {
    const uint32_t address = WINDOW_BASE + page * PAGE_BYTES + word * 4;
    const uint32_t value = word_load(address) ^ sum;
    word_store(address, value + page);
    sum = fold(sum, value);
  }
  return sum;
}

uint32_t workload_run(uint32_t scale) {
  uint32_t sum = CHECKSUM_SEED;
  for (uint32_t space = 0; space < SPACES; space++) {
    for (uint32_t page = 0; page < PAGES; page++) page_map(space, page, frame_of(space, page));
  }
  for (uint32_t visit = 0; visit < scale; visit++) {
    space_enter(visit % SPACES);
    sum = visit_pages(sum, visit % WORDS);
  }
  return sum;
}
