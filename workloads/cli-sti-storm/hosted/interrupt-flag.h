/* The same as a variable: no other flag is looked at. */
#ifndef INTERRUPT_FLAG_H
#define INTERRUPT_FLAG_H

#include <stdint.h>

#define FLAG_INTERRUPT 0x0200u

static uint32_t modelled_flags;

static inline uint32_t flags_save(void) {
  return modelled_flags;
}

static inline void flags_restore(uint32_t flags) {
  modelled_flags = flags;
}

static inline void interrupts_off(void) {
  modelled_flags &= ~FLAG_INTERRUPT;
}

static inline void interrupts_on(void) {
  modelled_flags |= FLAG_INTERRUPT;
}

#endif
