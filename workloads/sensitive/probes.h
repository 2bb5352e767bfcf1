/*
 * What each probe of a sensitive instruction returns. Where a value depends on where the linker put something, the
 * probe returns its distance from there, so that every expected value follows from the tables below and the manual.
 */
#ifndef PROBES_SHARED_H
#define PROBES_SHARED_H

#include <stdint.h>

/* EFLAGS bits (Intel SDM vol. 1, 3.4.3). */
#define FLAG_CARRY 0x0001u
#define FLAG_ALWAYS 0x0002u
#define FLAG_PARITY 0x0004u
#define FLAG_ADJUST 0x0010u
#define FLAG_ZERO 0x0040u
#define FLAG_SIGN 0x0080u
#define FLAG_INTERRUPT 0x0200u
#define FLAG_DIRECTION 0x0400u
#define FLAG_OVERFLOW 0x0800u
#define FLAG_PRIVILEGE 0x3000u
#define FLAG_NESTED 0x4000u
#define FLAGS_ARITHMETIC (FLAG_CARRY | FLAG_PARITY | FLAG_ADJUST | FLAG_ZERO | FLAG_SIGN | FLAG_OVERFLOW)
/* What POPF may set in ring 0 without side effects on this guest: no trap flag, no alignment check, no CPUID flag. */
#define FLAGS_POPPED (FLAGS_ARITHMETIC | FLAG_INTERRUPT | FLAG_DIRECTION | FLAG_PRIVILEGE | FLAG_NESTED)

/* Selectors of the local descriptor table: index, table indicator, RPL (Intel SDM vol. 3, 3.4.2). */
#define LOCAL_READ_ONLY 0x04
#define LOCAL_EXECUTE_ONLY 0x0c
#define LOCAL_ABSENT 0x14
#define LOCAL_EXPAND_DOWN 0x1c
#define LOCAL_CALL_GATE 0x24
#define LOCAL_ENTRIES 5

/* Selectors of nothing. */
#define BEHIND_LOCAL_TABLE (LOCAL_ENTRIES * 8 | 4)
#define BEHIND_GLOBAL_TABLE 0x4000

/*
 * Their descriptors (Intel SDM vol. 3, 3.4.5, 3.5 and 5.8.3). The table is read-only; accessed bits are set, so that
 * the processor does not write to it (3.4.5.1 on tables in ROM).
 */
#define DESCRIPTOR_READ_ONLY 0x0040910000000123ull
#define DESCRIPTOR_EXECUTE_ONLY 0x00c099000000001full
#define DESCRIPTOR_ABSENT 0x004013000000ffffull
#define DESCRIPTOR_EXPAND_DOWN 0x00cf97000000ffffull
#define DESCRIPTOR_CALL_GATE 0x0000ec0000080000ull

/* The bits of LAR's result that the manual defines (Intel SDM vol. 2, LAR): type, S, DPL, P, AVL, L, D/B, G. */
#define ACCESS_RIGHTS_DEFINED 0x00f0ff00u

/* What a far transfer or an interrupt left on the stack. */
struct far_frame {
  uint32_t selector, flags, offset;
};

/* A stored descriptor-table register: base as the distance from where the table is. */
struct stored_table {
  uint32_t limit, displacement;
};

/* What four instructions say about a selector; `valid` has bit 0 for LAR, 1 for LSL, 2 for VERR, 3 for VERW. */
struct selector_view {
  uint32_t rights, limit, valid;
};
#define VALID_RIGHTS 1u
#define VALID_LIMIT 2u
#define VALID_READ 4u
#define VALID_WRITE 8u

#endif
