/*
 * Pseudo-random numbers: the 32-bit xorshift with shifts 13, 17, 5 (G. Marsaglia, "Xorshift RNGs", J. Stat. Software
 * 8(14), 2003).
 */
#ifndef RANDOM_H
#define RANDOM_H

#include <stdint.h>

/* Any state but 0 will do; a workload starts each stream from a constant of its own. */
static inline uint32_t random_next(uint32_t *state) {
  uint32_t x = *state;
  x ^= x << 13;
  x ^= x >> 17;
  x ^= x << 5;
  *state = x;
  return x;
}

#endif
