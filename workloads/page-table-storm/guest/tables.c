#include "tables.h"

#include "paging.h"
#include "workload.h"

volatile uint32_t window_table[TABLE_ENTRIES] __attribute__((aligned(4096)));

void workload_prepare(void) {
  page_table_attach(WINDOW_BASE, (const uint32_t *)window_table);
}
