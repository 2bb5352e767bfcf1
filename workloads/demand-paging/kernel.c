/*
 * Demand paging: a window of pages, a smaller pool of frames. A first touch faults, and the handler takes the oldest
 * frame from the page that has it; a first write to a page that was mapped by a read faults again. What the processor
 * reports (address, error code, accessed and dirty bits) is in the checksum as well as the contents. Frames are not
 * cleared, or clearing would be most of the work.
 */
#include "checksum.h"
#include "mmu.h"
#include "page-entry.h"
#include "random.h"
#include "workload.h"

#define WINDOW_PAGES 256u
#define FRAMES 64u
#define WORDS (PAGE_BYTES / 4)
#define STREAM 0x70616765u
#define UNUSED WINDOW_PAGES

/* Page-fault error code (Intel SDM vol. 3, figure 4-12). */
#define FAULT_ON_PRESENT 1u

static uint32_t frames[FRAMES][WORDS] __attribute__((aligned(4096)));
/* Which page of the window each frame holds, or UNUSED. */
static uint32_t holder[FRAMES];
static uint32_t oldest, fault_sum;

/* Takes a frame from its page and folds what the processor noted about it. */
static void evict(uint32_t frame) {
  const uint32_t page = holder[frame];
  if (page == UNUSED) return;
  fault_sum = fold(fault_sum, window_table[page] & (PAGE_ACCESSED | PAGE_DIRTY));
  fault_sum = fold(fault_sum, frames[frame][page]);
  window_table[page] = 0;
  page_invalidate(WINDOW_BASE + page * PAGE_BYTES);
  holder[frame] = UNUSED;
}

static void map(uint32_t page, uint32_t rights) {
  const uint32_t frame = oldest;
  oldest = (oldest + 1) % FRAMES;
  evict(frame);
  holder[frame] = page;
  /* Through the kernel's own mapping of the frame, so that the page itself stays untouched. */
  frames[frame][page] ^= fault_sum;
  window_table[page] = (uint32_t)frames[frame] | PAGE_PRESENT | rights;
}

/* Called by the trap with what the processor reports. */
void page_fault(uint32_t error, uint32_t address) {
  const uint32_t page = (address - WINDOW_BASE) / PAGE_BYTES;
  fault_sum = fold(fold(fault_sum, error), address);
  if (error & FAULT_ON_PRESENT) {
    window_table[page] |= PAGE_WRITABLE;
    page_invalidate(address);
  } else {
    /* The error code's write bit is the entry's writable bit. */
    map(page, error & PAGE_WRITABLE);
  }
}

uint32_t workload_run(uint32_t scale) {
  uint32_t sum = CHECKSUM_SEED;
  uint32_t random = STREAM;
  fault_sum = CHECKSUM_SEED;
  oldest = 0;
  for (uint32_t frame = 0; frame < FRAMES; frame++) holder[frame] = UNUSED;
  for (uint32_t touch = 0; touch < scale; touch++) {
    const uint32_t bits = random_next(&random);
    const uint32_t address = WINDOW_BASE + (bits % WINDOW_PAGES) * PAGE_BYTES + (bits >> 8) % WORDS * 4;
    if (bits >> 31) {
      word_store(address, bits);
    } else {
      sum = fold(sum, word_load(address));
    }
  }
  for (uint32_t frame = 0; frame < FRAMES; frame++) evict(frame);
  return fold(sum, fault_sum);
}
