/* The x87 as the programs want it: double precision, rounding to nearest, no exceptions (Intel SDM vol. 1, 8.1.5). */
#ifndef X87_H
#define X87_H

#include <stdint.h>

#include "checksum.h"

/* All exceptions masked, precision control 10b (53 bits), rounding control 00b (nearest or even). */
#define X87_CONTROL_DOUBLE 0x027f

/* Linux starts a program with 64-bit precision. With 53 bits an operation rounds once, to what IEEE 754 calls double. */
static inline void x87_set_double_precision(void) {
  const uint16_t control = X87_CONTROL_DOUBLE;
  __asm__ volatile("fninit\n\tfldcw %0" : : "m"(control));
}

static inline double x87_square_root(double value) {
  __asm__("fsqrt" : "+t"(value));
  return value;
}

/* Folds all 64 bits, as stored in memory. */
static inline uint32_t fold_double(uint32_t sum, double value) {
  const union { double number; uint32_t words[2]; } stored = { value };
  return fold(fold(sum, stored.words[0]), stored.words[1]);
}

#endif
