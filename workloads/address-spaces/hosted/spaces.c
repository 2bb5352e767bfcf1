#include "spaces.h"

#include "page-entry.h"

static uint32_t *window[SPACES][TABLE_ENTRIES];
static uint32_t entered;

void page_map(uint32_t space, uint32_t page, uint32_t *frame) {
  window[space][page] = frame;
}

void space_enter(uint32_t space) {
  entered = space;
}

static uint32_t *translate(uint32_t address) {
  const uint32_t offset = address - WINDOW_BASE;
  return &window[entered][offset / PAGE_BYTES][offset % PAGE_BYTES / 4];
}

uint32_t word_load(uint32_t address) {
  return *translate(address);
}

void word_store(uint32_t address, uint32_t value) {
  *translate(address) = value;
}
