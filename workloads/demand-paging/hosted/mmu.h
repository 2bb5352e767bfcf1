/*
 * A model of the translation: each access walks the table as the manual says and calls the fault handler like the
 * processor would.
 */
#ifndef MMU_H
#define MMU_H

#include <stdint.h>

#define WINDOW_BASE 0x40000000u

extern uint32_t window_table[];

uint32_t word_load(uint32_t address);
void word_store(uint32_t address, uint32_t value);

/* There is no translation buffer to forget. */
static inline void page_invalidate(uint32_t address) {
  (void)address;
}

void page_fault(uint32_t error, uint32_t address);

#endif
