/* What the files of the PC port share. */
#ifndef PC_PC_H
#define PC_PC_H

#include "arch/arch.h"
#include "layout.h"
#include "page-entry.h"
#include "port-numbers.h"
#include "ports.h"

extern const char image_start[], image_end[], read_only_end[];

/* EFLAGS (Intel SDM vol. 1, 3.4.3). */
#define FLAG_ALWAYS 0x00000002u
#define FLAG_TRAP 0x00000100u
#define FLAG_INTERRUPT 0x00000200u
#define FLAG_PORT_LEVEL 0x00003000u
#define FLAG_PORT_LEVEL_SHIFT 12
/* CF, PF, AF, ZF, SF, TF, DF, OF, AC: what sigreturn may set. */
#define FLAGS_OF_USER 0x00040dd5u

static inline uint16_t port_read_word(uint16_t port) {
  uint16_t value;
  __asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}

/* descriptors.c */
void descriptors_install(void);
void descriptors_stack_set(uint32_t esp0);
void descriptors_thread_set(const uint64_t *segments);
void descriptors_ports_set(const uint8_t *map);

/* interrupts.c */
void interrupts_install(void);
void interrupts_line_enable(uint32_t line);
/* False when the line only twitched (8259A data sheet, "default IR 7"). */
bool interrupts_begin(uint32_t line);
void interrupts_end(uint32_t line);

/* paging.c */
void paging_install(uint32_t memory_end, uint32_t archive_start, uint32_t archive_end);
int paging_stack_map(uint32_t slot);
void paging_stack_unmap(uint32_t slot);

/* devices.c */
void disk_install(void);
/* An interrupt of a line other than the timer's. */
void device_interrupt(uint32_t line);

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
extern const char trap_stubs[], system_call_entry[], first_return[];
extern const char user_access_start[], user_access_end[], user_access_fault[];
void switch_stacks(uint32_t *from_esp, uint32_t to_esp);
uint32_t user_copy(void *to, const void *from, uint32_t bytes);
uint32_t user_fill(void *to, uint32_t bytes);

void trap(struct registers *registers);
void trap_finish(struct registers *registers);

#endif
