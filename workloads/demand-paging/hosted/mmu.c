#include "mmu.h"

#include "page-entry.h"

/* Error codes of supervisor accesses with CR0.WP set (Intel SDM vol. 3, 4.6 and 4.7). */
#define ERROR_PRESENT 1u
#define ERROR_WRITE 2u

uint32_t window_table[TABLE_ENTRIES];

/* Faults until the access is allowed, then sets accessed and dirty (Intel SDM vol. 3, 4.8). */
static uint32_t *translate(uint32_t address, uint32_t write) {
  uint32_t *entry = &window_table[(address - WINDOW_BASE) / PAGE_BYTES];
  while (!(*entry & PAGE_PRESENT) || (write && !(*entry & PAGE_WRITABLE))) {
    page_fault((*entry & PAGE_PRESENT ? ERROR_PRESENT : 0) | (write ? ERROR_WRITE : 0), address);
  }
  *entry |= PAGE_ACCESSED | (write ? PAGE_DIRTY : 0);
  return (uint32_t *)((*entry & ~(PAGE_BYTES - 1)) + (address & (PAGE_BYTES - 1)));
}

uint32_t word_load(uint32_t address) {
  return *translate(address, 0);
}

void word_store(uint32_t address, uint32_t value) {
  *translate(address, 1) = value;
}
