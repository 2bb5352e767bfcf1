/* What the files of the paravirtual port share. */
#ifndef PARAVIRT_PARAVIRT_H
#define PARAVIRT_PARAVIRT_H

#include "arch/shared-space/shared-space.h"

/* The virtual registers (docs/paravirt.md, section 3). No access to them traps. */
struct virtual_registers {
  volatile uint32_t interrupts, pending;
  volatile uint32_t kernel_entry, kernel_stack, x87_trap;
  volatile uint32_t fault_address;
  volatile uint32_t time_low, time_high;
  uint32_t memory_bytes, instructions_per_second, boot_information, disk_sectors;
};
#define MACHINE ((struct virtual_registers *)DIRECT_BASE)

static inline uint32_t hypercall(uint32_t number, uint32_t first, uint32_t second, uint32_t third) {
  __asm__ volatile("int %1" : "+a"(number) : "i"(HYPERCALL_VECTOR), "b"(first), "c"(second), "d"(third) : "memory");
  return number;
}

/* paging.c */
void paging_install(uint32_t memory_end);

/* entry.S */
extern const char kernel_entry[];

#endif
