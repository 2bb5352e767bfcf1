/* A model of the translation: each access walks the table as the manual says. There is nothing to forget. */
#ifndef TABLES_H
#define TABLES_H

#include <stdint.h>

#define WINDOW_BASE 0x40000000u

extern volatile uint32_t window_table[];

uint32_t word_load(uint32_t address);
void word_store(uint32_t address, uint32_t value);

static inline void page_invalidate(uint32_t address) {
  (void)address;
}

static inline void all_invalidate(void) {}

#endif
