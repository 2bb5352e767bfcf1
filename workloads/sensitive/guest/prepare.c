#include "descriptors.h"
#include "probes.h"
#include "workload.h"

static const uint64_t local_table[LOCAL_ENTRIES] __attribute__((aligned(64))) = {
  DESCRIPTOR_READ_ONLY, DESCRIPTOR_EXECUTE_ONLY, DESCRIPTOR_ABSENT, DESCRIPTOR_EXPAND_DOWN, DESCRIPTOR_CALL_GATE,
};

extern void same_ring_entry(void);

void workload_prepare(void) {
  local_table_set(local_table, sizeof local_table);
  gate_set(SAME_RING_VECTOR, same_ring_entry, KERNEL_INTERRUPT_GATE);
}
