/* Segments, gates and the task state: everything that the loader's tables would otherwise decide. */
#ifndef DESCRIPTORS_H
#define DESCRIPTORS_H

#include <stdint.h>

#include "selectors.h"

/*
 * Gate access bytes: present, DPL, 32-bit interrupt or trap gate (Intel SDM vol. 3, 6.11). An interrupt gate clears IF,
 * a trap gate does not.
 */
#define KERNEL_INTERRUPT_GATE 0x8e
#define USER_TRAP_GATE 0xef

/* Access byte of a system descriptor for a local descriptor table (Intel SDM vol. 3, 3.5). */
#define PRESENT_LOCAL_TABLE 0x82

/* Loads our GDT, IDT, TSS and segment registers. The local descriptor table stays empty. */
void descriptors_install(void);

void gate_set(uint32_t vector, void (*handler)(void), uint8_t access);

/* Makes `bytes` bytes at `table` the local descriptor table. */
void local_table_set(const uint64_t *table, uint32_t bytes);

/* The stack that the processor takes when it enters ring 0 from ring 3. */
void kernel_stack_set(uint32_t esp);

/* Where the tables are, for workloads that compare what SGDT and SIDT store. */
uint32_t global_table_address(void);
uint32_t interrupt_table_address(void);

#endif
