/*
 * SGDT, SIDT, STR and SMSW: the instructions that store system registers at any privilege (Intel SDM vol. 2). A guest must read its own; where none is hidden from
 * it they cost what four stores cost.
 */
#include "checksum.h"
#include "system-registers.h"
#include "workload.h"

uint32_t workload_run(uint32_t scale) {
  uint32_t sum = CHECKSUM_SEED;
  for (uint32_t unit = 0; unit < scale; unit++) {
    sum += store_global_table();
    sum += store_interrupt_table();
    sum += store_task();
    sum = fold(sum, store_machine_status());
  }
  return sum;
}
