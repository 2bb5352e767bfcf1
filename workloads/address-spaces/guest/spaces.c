#include "spaces.h"

#include "page-entry.h"
#include "paging.h"
#include "workload.h"

uint32_t space_directories[SPACES];

static uint32_t window_tables[SPACES][TABLE_ENTRIES] __attribute__((aligned(4096)));
static uint32_t second_directory[TABLE_ENTRIES] __attribute__((aligned(4096)));

void page_map(uint32_t space, uint32_t page, uint32_t *frame) {
  window_tables[space][page] = (uint32_t)frame | PAGE_PRESENT | PAGE_WRITABLE;
}

/* The second space is a copy of the first, but for the window's table. */
void workload_prepare(void) {
  const uint32_t *first;
  page_table_attach(WINDOW_BASE, window_tables[1]);
  __asm__ volatile("movl %%cr3, %0" : "=r"(first));
  for (uint32_t entry = 0; entry < TABLE_ENTRIES; entry++) second_directory[entry] = first[entry];
  page_table_attach(WINDOW_BASE, window_tables[0]);
  space_directories[0] = (uint32_t)first;
  space_directories[1] = (uint32_t)second_directory;
}
