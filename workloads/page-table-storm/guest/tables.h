/* The processor's own translation. */
#ifndef TABLES_H
#define TABLES_H

#include <stdint.h>

/* A directory entry of its own, far from the image. */
#define WINDOW_BASE 0x40000000u

/* Read again at each use: the processor sets bits in it. */
extern volatile uint32_t window_table[];

static inline uint32_t word_load(uint32_t address) {
  uint32_t value;
  __asm__ volatile("movl (%1), %0" : "=r"(value) : "r"(address) : "memory");
  return value;
}

static inline void word_store(uint32_t address, uint32_t value) {
  __asm__ volatile("movl %1, (%0)" : : "r"(address), "r"(value) : "memory");
}

static inline void page_invalidate(uint32_t address) {
  __asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
}

/* Loading CR3 forgets every translation that is not global (Intel SDM vol. 3, 4.10.4.1). */
static inline void all_invalidate(void) {
  uint32_t directory;
  __asm__ volatile("movl %%cr3, %0\n\tmovl %0, %%cr3" : "=&r"(directory) : : "memory");
}

#endif
