/* The registers as the processor stores them. Of a table the limit, and how far it is from where it must be: both are the same wherever the linker puts it. */
#ifndef SYSTEM_REGISTERS_H
#define SYSTEM_REGISTERS_H

#include "descriptors.h"

/* What SGDT and SIDT store (Intel SDM vol. 3, 3.5.1). */
struct pseudo_descriptor {
  uint16_t limit;
  uint32_t base;
} __attribute__((packed));

static inline uint32_t store_global_table(void) {
  struct pseudo_descriptor stored;
  __asm__ volatile("sgdt %0" : "=m"(stored));
  return stored.limit + (stored.base - global_table_address());
}

static inline uint32_t store_interrupt_table(void) {
  struct pseudo_descriptor stored;
  __asm__ volatile("sidt %0" : "=m"(stored));
  return stored.limit + (stored.base - interrupt_table_address());
}

static inline uint32_t store_task(void) {
  uint16_t selector;
  __asm__ volatile("str %w0" : "=r"(selector));
  return selector;
}

static inline uint32_t store_machine_status(void) {
  uint16_t status;
  __asm__ volatile("smsw %w0" : "=r"(status));
  return status;
}

#endif
