#include "tables.h"

#include "page-entry.h"

volatile uint32_t window_table[TABLE_ENTRIES];

/* Sets the accessed bit, and the dirty bit for a write (Intel SDM vol. 3, 4.8). */
static uint32_t *translate(uint32_t address, uint32_t bits) {
  volatile uint32_t *entry = &window_table[(address - WINDOW_BASE) / PAGE_BYTES];
  *entry |= bits;
  return (uint32_t *)((*entry & ~(PAGE_BYTES - 1)) + (address & (PAGE_BYTES - 1)));
}

uint32_t word_load(uint32_t address) {
  return *translate(address, PAGE_ACCESSED);
}

void word_store(uint32_t address, uint32_t value) {
  *translate(address, PAGE_ACCESSED | PAGE_DIRTY) = value;
}
