/* The processor's own translation. */
#ifndef MMU_H
#define MMU_H

#include <stdint.h>

/* A directory entry of its own, far from the image. */
#define WINDOW_BASE 0x40000000u

extern uint32_t window_table[];

/* "memory": either access may run the fault handler, which changes what the compiler cannot see from here. */
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

void page_fault(uint32_t error, uint32_t address);

#endif
