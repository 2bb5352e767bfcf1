/*
 * The guest's kernel looks at itself with the instructions that are sensitive on IA-32 but do not trap (J. S. Robin and
 * C. E. Irvine, "Analysis of the Intel Pentium's Ability to Support a Secure Virtual Machine Monitor", USENIX Security
 * 2000, section 3). Every value read goes into the checksum: a guest that sees a register of the machine instead of its
 * own ends with another sum.
 */
#include "checksum.h"
#include "machine-probes.h"
#include "random.h"
#include "selectors.h"
#include "workload.h"

#define STREAM 0x726f6269u

/*
 * Tables, tasks, ordinary segments of both rings, a selector that its own RPL makes unusable, nothing, and beyond the
 * limits.
 */
static const uint16_t inspected[] = {
  KERNEL_CODE, KERNEL_DATA, USER_CODE, USER_DATA, TASK_STATE, LOCAL_TABLE, KERNEL_CODE | 3, KERNEL_DATA | 1,
  LOCAL_READ_ONLY, LOCAL_EXECUTE_ONLY, LOCAL_ABSENT, LOCAL_EXPAND_DOWN, LOCAL_CALL_GATE,
  0, BEHIND_LOCAL_TABLE, BEHIND_GLOBAL_TABLE,
};
#define INSPECTED (sizeof inspected / sizeof inspected[0])

static uint32_t fold_flags(uint32_t sum, uint32_t bits) {
  sum = fold(sum, probe_pushf(bits, bits >> 16));
  sum = fold(sum, probe_popf((bits & FLAGS_POPPED) | FLAG_ALWAYS));
  sum = fold(sum, probe_sti());
  return fold(sum, probe_cli());
}

static uint32_t fold_table(uint32_t sum, struct stored_table table) {
  return fold(fold(sum, table.limit), table.displacement);
}

static uint32_t fold_system_registers(uint32_t sum) {
  sum = fold_table(sum, probe_sgdt());
  sum = fold_table(sum, probe_sidt());
  sum = fold(sum, probe_sldt());
  sum = fold(sum, probe_str());
  return fold(sum, probe_smsw());
}

static uint32_t fold_selector(uint32_t sum, uint16_t selector) {
  const struct selector_view view = probe_selector(selector);
  return fold(fold(fold(sum, view.rights), view.limit), view.valid);
}

static uint32_t fold_segments(uint32_t sum) {
  sum = fold(sum, probe_read_cs());
  sum = fold(sum, probe_read_ss());
  sum = fold(sum, probe_read_ds());
  sum = fold(sum, probe_push_cs());
  sum = fold(sum, probe_push_ss());
  sum = fold(sum, probe_push_es());
  sum = fold(sum, probe_load_fs(LOCAL_READ_ONLY));
  sum = fold(sum, probe_load_fs(0));
  sum = fold(sum, probe_pop_gs(LOCAL_EXPAND_DOWN));
  return fold(sum, probe_pop_gs(USER_DATA));
}

static uint32_t fold_frame(uint32_t sum, struct far_frame frame) {
  return fold(fold(fold(sum, frame.selector), frame.flags), frame.offset);
}

static uint32_t fold_transfers(uint32_t sum, uint32_t bits) {
  sum = fold_frame(sum, probe_far_call());
  sum = fold(sum, probe_far_jump());
  sum = fold_frame(sum, probe_interrupt(bits, bits >> 8));
  return fold(sum, probe_iret((bits & FLAGS_ARITHMETIC) | FLAG_ALWAYS));
}

uint32_t workload_run(uint32_t scale) {
  uint32_t sum = CHECKSUM_SEED;
  uint32_t random = STREAM;
  for (uint32_t round = 0; round < scale; round++) {
    const uint32_t bits = random_next(&random);
    sum = fold_flags(sum, bits);
    sum = fold_system_registers(sum);
    sum = fold_selector(sum, inspected[round % INSPECTED]);
    sum = fold_segments(sum);
    sum = fold_transfers(sum, bits);
  }
  return sum;
}
