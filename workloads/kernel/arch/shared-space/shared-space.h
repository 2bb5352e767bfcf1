/* What ports have whose kernel lies in every program's address space, and what it asks of the port. */
#ifndef SHARED_SPACE_SHARED_SPACE_H
#define SHARED_SPACE_SHARED_SPACE_H

#include "arch/common/common.h"

extern const char image_start[], image_end[], read_only_end[];

/* multiboot.c: what the loader left (Multiboot Specification 0.6.96, 3.3). */
#define MULTIBOOT_HAS_MEMORY 0x01u
struct multiboot_information {
  uint32_t flags, memory_lower, memory_upper, boot_device, command_line, module_count, modules;
};
void multiboot_take(const struct multiboot_information *information, uint32_t memory_end);

/* trap.c; the port's: the address of the last page fault, an interrupt, and what access to user memory and a return to it need. */
uint32_t fault_address(void);
void interrupt(struct registers *registers);
void mappings_settle(void);

/* x87.c; the port's: whether a program's next x87 instruction traps. */
void x87_install(void);
void x87_switch(struct arch_context *to);
void x87_unavailable(void);
void x87_trap_set(bool value);

/* entry.h and user-access.S. */
extern const char user_access_start[], user_access_end[], user_access_fault[];
uint32_t user_copy(void *to, const void *from, uint32_t bytes);
uint32_t user_fill(void *to, uint32_t bytes);

#endif
