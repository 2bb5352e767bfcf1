/* The processor's interrupt flag (Intel SDM vol. 2, CLI, STI, PUSHF, POPF). */
#ifndef INTERRUPT_FLAG_H
#define INTERRUPT_FLAG_H

#include <stdint.h>

/* EFLAGS.IF (Intel SDM vol. 1, 3.4.3.3). */
#define FLAG_INTERRUPT 0x0200u

static inline uint32_t flags_save(void) {
  uint32_t flags;
  __asm__ volatile("pushfl\n\tpopl %0" : "=r"(flags) : : "memory");
  return flags;
}

static inline void flags_restore(uint32_t flags) {
  __asm__ volatile("pushl %0\n\tpopfl" : : "r"(flags) : "memory", "cc");
}

static inline void interrupts_off(void) {
  __asm__ volatile("cli" : : : "memory");
}

static inline void interrupts_on(void) {
  __asm__ volatile("sti" : : : "memory");
}

#endif
