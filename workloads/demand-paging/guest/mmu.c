#include "mmu.h"

#include "descriptors.h"
#include "paging.h"
#include "workload.h"

uint32_t window_table[TABLE_ENTRIES] __attribute__((aligned(4096)));

extern void page_fault_entry(void);

void workload_prepare(void) {
  page_table_attach(WINDOW_BASE, window_table);
  gate_set(PAGE_FAULT_VECTOR, page_fault_entry, KERNEL_INTERRUPT_GATE);
}
