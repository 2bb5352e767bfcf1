/*
 * A window of pages over fewer frames; each step gives a page another frame or other rights, forgets its translation,
 * and uses two pages. Now and then all translations are forgotten, as by a task switch. No access faults: the price is
 * in the changes. Accessed and dirty bits go into the checksum.
 */
#include "checksum.h"
#include "page-entry.h"
#include "random.h"
#include "tables.h"
#include "workload.h"

#define WINDOW_PAGES 256u
#define FRAMES 64u
#define WORDS (PAGE_BYTES / 4)
#define STREAM 0x74626c65u
#define FLUSH_EVERY 64u

static uint32_t frames[FRAMES][WORDS] __attribute__((aligned(4096)));

/* Either another frame, writable, or the same one with the other rights; both with clear accessed and dirty bits. */
static uint32_t changed_entry(uint32_t entry, uint32_t bits) {
  if (bits & 1) return (uint32_t)frames[bits >> 1 & (FRAMES - 1)] | PAGE_PRESENT | PAGE_WRITABLE;
  return (entry & ~(PAGE_ACCESSED | PAGE_DIRTY)) ^ PAGE_WRITABLE;
}

static uint32_t change(uint32_t sum, uint32_t page, uint32_t bits) {
  const uint32_t entry = window_table[page];
  window_table[page] = changed_entry(entry, bits);
  page_invalidate(WINDOW_BASE + page * PAGE_BYTES);
  return fold(sum, entry & (PAGE_ACCESSED | PAGE_DIRTY | PAGE_WRITABLE));
}

static uint32_t use(uint32_t sum, uint32_t page, uint32_t value) {
  const uint32_t address = WINDOW_BASE + page * PAGE_BYTES + value % WORDS * 4;
  if (window_table[page] & PAGE_WRITABLE) word_store(address, value);
  return fold(sum, word_load(address));
}

uint32_t workload_run(uint32_t scale) {
  uint32_t sum = CHECKSUM_SEED, random = STREAM;
  for (uint32_t page = 0; page < WINDOW_PAGES; page++) {
    window_table[page] = (uint32_t)frames[page % FRAMES] | PAGE_PRESENT | PAGE_WRITABLE;
  }
  for (uint32_t step = 0; step < scale; step++) {
    const uint32_t bits = random_next(&random);
    const uint32_t changed = bits % WINDOW_PAGES, other = bits >> 8 & (WINDOW_PAGES - 1);
    sum = change(sum, changed, bits >> 16);
    sum = use(sum, changed, bits);
    sum = use(sum, other, ~bits);
    if (step % FLUSH_EVERY == 0) all_invalidate();
  }
  return sum;
}
