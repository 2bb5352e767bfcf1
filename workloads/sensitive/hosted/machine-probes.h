/* The probes as the manual says they must come out, without executing any of them. */
#ifndef MACHINE_PROBES_H
#define MACHINE_PROBES_H

#include "probes.h"
#include "selectors.h"

#define GLOBAL_TABLE_BYTES (7 * 8)
#define INTERRUPT_TABLE_BYTES (0x82 * 8)
/* Low half of the CR0 that paging_enable loads: PE, MP, ET, NE. */
#define MACHINE_STATUS 0x33u

/* EFLAGS after CMP a, b (Intel SDM vol. 1, 3.4.3.1). */
static inline uint32_t compare_flags(uint32_t a, uint32_t b) {
  const uint32_t difference = a - b;
  uint32_t flags = 0;
  if (a < b) flags |= FLAG_CARRY;
  if (!__builtin_parity(difference & 0xff)) flags |= FLAG_PARITY;
  if ((a & 0xf) < (b & 0xf)) flags |= FLAG_ADJUST;
  if (difference == 0) flags |= FLAG_ZERO;
  if (difference >> 31) flags |= FLAG_SIGN;
  if (((a ^ b) & (a ^ difference)) >> 31) flags |= FLAG_OVERFLOW;
  return flags;
}

static inline uint32_t probe_pushf(uint32_t a, uint32_t b) { return compare_flags(a, b) | FLAG_ALWAYS; }
static inline uint32_t probe_popf(uint32_t flags) { return flags; }
static inline uint32_t probe_sti(void) { return FLAG_ZERO | FLAG_PARITY | FLAG_ALWAYS | FLAG_INTERRUPT; }
static inline uint32_t probe_cli(void) { return FLAG_ZERO | FLAG_PARITY | FLAG_ALWAYS; }

static inline struct stored_table probe_sgdt(void) { return (struct stored_table){ GLOBAL_TABLE_BYTES - 1, 0 }; }
static inline struct stored_table probe_sidt(void) { return (struct stored_table){ INTERRUPT_TABLE_BYTES - 1, 0 }; }
static inline uint32_t probe_sldt(void) { return LOCAL_TABLE; }
static inline uint32_t probe_str(void) { return TASK_STATE; }
static inline uint32_t probe_smsw(void) { return MACHINE_STATUS; }

static inline uint32_t probe_read_cs(void) { return KERNEL_CODE; }
static inline uint32_t probe_read_ss(void) { return KERNEL_DATA; }
static inline uint32_t probe_read_ds(void) { return KERNEL_DATA; }
static inline uint32_t probe_push_cs(void) { return KERNEL_CODE; }
static inline uint32_t probe_push_ss(void) { return KERNEL_DATA; }
static inline uint32_t probe_push_es(void) { return KERNEL_DATA; }
static inline uint32_t probe_load_fs(uint16_t selector) { return selector; }
static inline uint32_t probe_pop_gs(uint16_t selector) { return selector; }

static inline struct far_frame probe_far_call(void) { return (struct far_frame){ KERNEL_CODE, 0, 0 }; }
static inline uint32_t probe_far_jump(void) { return KERNEL_CODE; }
static inline struct far_frame probe_interrupt(uint32_t a, uint32_t b) {
  return (struct far_frame){ KERNEL_CODE, compare_flags(a, b) | FLAG_ALWAYS, 0 };
}
static inline uint32_t probe_iret(uint32_t flags) { return flags; }

/*
 * Access rights, limit and validity by hand from the descriptors and the pages of LAR, LSL, VERR and VERW in Intel SDM
 * vol. 2.
 */
static inline struct selector_view probe_selector(uint16_t selector) {
  const uint32_t sees_all = VALID_RIGHTS | VALID_LIMIT;
  switch (selector) {
    case KERNEL_CODE: return (struct selector_view){ 0xc09b00, 0xffffffff, sees_all | VALID_READ };
    case KERNEL_DATA: return (struct selector_view){ 0xc09300, 0xffffffff, sees_all | VALID_READ | VALID_WRITE };
    case USER_CODE: return (struct selector_view){ 0xc0fb00, 0xffffffff, sees_all | VALID_READ };
    case USER_DATA: return (struct selector_view){ 0xc0f300, 0xffffffff, sees_all | VALID_READ | VALID_WRITE };
    /* Busy, since LTR. */
    case TASK_STATE: return (struct selector_view){ 0x008b00, 103, sees_all };
    case LOCAL_TABLE: return (struct selector_view){ 0x008200, LOCAL_ENTRIES * 8 - 1, sees_all };
    case LOCAL_READ_ONLY: return (struct selector_view){ 0x409100, 0x123, sees_all | VALID_READ };
    /* 32 pages. */
    case LOCAL_EXECUTE_ONLY: return (struct selector_view){ 0xc09900, 0x1ffff, sees_all };
    /* LAR, LSL, VERR and VERW do not look at the present bit. */
    case LOCAL_ABSENT: return (struct selector_view){ 0x401300, 0xffff, sees_all | VALID_READ | VALID_WRITE };
    case LOCAL_EXPAND_DOWN: return (struct selector_view){ 0xc09700, 0xffffffff, sees_all | VALID_READ | VALID_WRITE };
    /* A gate has access rights but no limit. */
    case LOCAL_CALL_GATE: return (struct selector_view){ 0x00ec00, 0, VALID_RIGHTS };
    /* An RPL above the DPL, a null selector, or none in the table. */
    default: return (struct selector_view){ 0, 0, 0 };
  }
}

#endif
