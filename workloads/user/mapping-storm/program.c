#include "checksum.h"
#include "program.h"
#include "random.h"

#define WINDOWS 64u
#define WINDOW_PAGES 8u
#define WINDOW_BYTES (WINDOW_PAGES * PAGE_BYTES)
#define STREAM 0x6d617073u

enum state { ABSENT, WRITABLE, READ_ONLY };

static struct {
  volatile uint32_t *pages;
  enum state state;
} windows[WINDOWS];

/* The next state of a window: absent, writable, read-only, writable or absent. */
static void change(uint32_t at, uint32_t bits) {
  if (windows[at].state == ABSENT) {
    windows[at].pages = pages_map(WINDOW_BYTES, PROT_READ | PROT_WRITE);
    windows[at].state = WRITABLE;
  } else if (windows[at].state == WRITABLE) {
    checked(call_mprotect((void *)windows[at].pages, WINDOW_BYTES, PROT_READ), "mprotect");
    windows[at].state = READ_ONLY;
  } else if (bits & 1) {
    checked(call_mprotect((void *)windows[at].pages, WINDOW_BYTES, PROT_READ | PROT_WRITE), "mprotect");
    windows[at].state = WRITABLE;
  } else {
    checked(call_munmap((void *)windows[at].pages, WINDOW_BYTES), "munmap");
    windows[at].state = ABSENT;
  }
}

static uint32_t touch(uint32_t at, uint32_t bits) {
  volatile uint32_t *word = windows[at].pages + bits % WINDOW_PAGES * (PAGE_BYTES / 4);
  if (windows[at].state == ABSENT) return 0;
  if (windows[at].state == WRITABLE) *word += bits;
  return *word;
}

uint32_t workload_run(uint32_t scale) {
  uint32_t sum = CHECKSUM_SEED, random = STREAM;
  for (uint32_t round = 0; round < scale; round++) {
    const uint32_t bits = random_next(&random);
    change(bits >> 4 & (WINDOWS - 1), bits);
    sum = fold(sum, touch(bits >> 4 & (WINDOWS - 1), bits >> 10));
    sum = fold(sum, touch(bits >> 16 & (WINDOWS - 1), bits >> 22));
  }
  return sum;
}
