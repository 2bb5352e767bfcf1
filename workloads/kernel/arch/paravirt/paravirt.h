/* What the files of the paravirtual port share. */
#ifndef PARAVIRT_PARAVIRT_H
#define PARAVIRT_PARAVIRT_H

#include "arch/arch.h"
#include "layout.h"
#include "page-entry.h"

extern const char image_start[], image_end[], read_only_end[];

/* EFLAGS (Intel SDM vol. 1, 3.4.3). */
#define FLAG_ALWAYS 0x00000002u
#define FLAG_INTERRUPT 0x00000200u
/* CF, PF, AF, ZF, SF, TF, DF, OF, AC: what sigreturn may set. */
#define FLAGS_OF_USER 0x00040dd5u

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
void paging_install(uint32_t memory_end, uint32_t archive_start, uint32_t archive_end);
/* Tells the monitor what has been mapped and unmapped since. Before anything that depends on it. */
void paging_flush(void);
int paging_stack_map(uint32_t slot);
void paging_stack_unmap(uint32_t slot);

/* events.c: takes what is pending; interrupts are off. `user`: a program was interrupted. */
void events_take(bool user);

/* devices.c */
void console_event(void);
void disk_event(void);

/* x87.c */
void x87_install(void);
void x87_switch(struct arch_context *to);
void x87_unavailable(void);
/* Brings the state of a process from the processor to memory and takes the processor from it. */
void x87_flush(struct arch_context *context);
void x87_drop(struct arch_context *context);

/* context.c */
struct arch_context *context_current(void);

/* entry.S */
extern const char kernel_entry[], first_return[];
extern const char user_access_start[], user_access_end[], user_access_fault[];
void switch_stacks(uint32_t *from_esp, uint32_t to_esp);
uint32_t user_copy(void *to, const void *from, uint32_t bytes);
uint32_t user_fill(void *to, uint32_t bytes);

void trap(struct registers *registers);
void trap_finish(struct registers *registers);

#endif
