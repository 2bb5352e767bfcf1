#include "ring3.h"

#include "descriptors.h"
#include "workload.h"

extern const char user_data_start[], user_data_end[];
extern void system_call_entry(void);

void workload_prepare(void) {
  gate_set(SYSTEM_CALL_VECTOR, system_call_entry, USER_TRAP_GATE);
}

int user_range_valid(uint32_t address, uint32_t bytes) {
  const uint32_t size = (uint32_t)(user_data_end - user_data_start);
  const uint32_t offset = address - (uint32_t)user_data_start;
  return offset <= size && bytes <= size - offset;
}
