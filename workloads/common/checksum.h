/* The running checksum of every workload: each value that must come out the same on every core is folded into it. */
#ifndef CHECKSUM_H
#define CHECKSUM_H

#include <stdint.h>

/* The checksum of nothing. */
#define CHECKSUM_SEED 0x52696e67u

/* The prime next to 2^32 divided by the golden ratio: odd, so that multiplying by it loses nothing. */
#define CHECKSUM_MULTIPLIER 0x9e3779b1u
#define CHECKSUM_ROTATION 7

/*
 * The rotation brings high bits down, so that two wrong high bits cannot cancel each other; the order of values counts.
 */
static inline uint32_t fold(uint32_t sum, uint32_t value) {
  const uint32_t rotated = sum << CHECKSUM_ROTATION | sum >> (32 - CHECKSUM_ROTATION);
  return (rotated ^ value) * CHECKSUM_MULTIPLIER;
}

#endif
