/* What the files of the PC port share. */
#ifndef PC_PC_H
#define PC_PC_H

#include "port-numbers.h"
#include "ports.h"
#include "arch/shared-space/shared-space.h"

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

/* paging.c */
void paging_install(uint32_t memory_end);

/* devices.c */
void disk_install(void);
/* An interrupt of a line other than the timer's. */
void device_interrupt(uint32_t line);

/* entry.S */
extern const char trap_stubs[], system_call_entry[];

#endif
