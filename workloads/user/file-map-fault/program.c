/* lmbench's lat_pagefault: in an order that no read-ahead guesses. */
#include "checksum.h"
#include "program.h"

#define WINDOW_PAGES 256u
/* Coprime to the number of pages, so every page comes once. */
#define STRIDE 97u

static int32_t file;

void workload_prepare(void) {
  static uint32_t words[PAGE_BYTES / 4];
  char path[TEMPORARY_PATH_BYTES];
  file = temporary_file(path, "map");
  for (uint32_t page = 0; page < WINDOW_PAGES; page++) {
    words[0] = page ^ CHECKSUM_SEED;
    write_all(file, words, PAGE_BYTES);
  }
  checked(call_unlink(path), "unlink");
}

static uint32_t read_pages(uint32_t pages, uint32_t sum) {
  uint8_t *window = call_mmap(WINDOW_PAGES * PAGE_BYTES, PROT_READ, MAP_SHARED, file);
  checked((int32_t)window, "mmap");
  for (uint32_t page = 0; page < pages; page++) {
    sum += *(volatile uint32_t *)(window + page * STRIDE % WINDOW_PAGES * PAGE_BYTES);
  }
  checked(call_munmap(window, WINDOW_PAGES * PAGE_BYTES), "munmap");
  return sum;
}

uint32_t workload_run(uint32_t scale) {
  uint32_t sum = 0;
  for (uint32_t left = scale; left > 0;) {
    const uint32_t pages = left < WINDOW_PAGES ? left : WINDOW_PAGES;
    sum = read_pages(pages, sum);
    left -= pages;
  }
  return fold(CHECKSUM_SEED, sum);
}
