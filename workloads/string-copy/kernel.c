/*
 * REP MOVSD over a megabyte: one instruction, 262144 iterations, each of which can be interrupted (Intel SDM vol. 2, REP). Hardware and fast emulators move
 * blocks; others move words.
 */
#include "checksum.h"
#include "random.h"
#include "workload.h"

#define WORDS (1024u * 1024u / 4)
#define STREAM 0x6d6f7673u
#define SAMPLES 16u

static uint32_t source[WORDS], target[WORDS];

static inline void words_copy(uint32_t *to, const uint32_t *from, uint32_t words) {
  __asm__ volatile("rep movsl" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
}

uint32_t workload_run(uint32_t scale) {
  uint32_t sum = CHECKSUM_SEED, random = STREAM;
  for (uint32_t i = 0; i < WORDS; i += SAMPLES) source[i] = i;
  for (uint32_t copy = 0; copy < scale; copy++) {
    for (uint32_t i = 0; i < SAMPLES; i++) source[random_next(&random) % WORDS] ^= sum + i;
    words_copy(target, source, WORDS);
    for (uint32_t i = 0; i < SAMPLES; i++) sum = fold(sum, target[random_next(&random) % WORDS]);
  }
  for (uint32_t i = 0; i < WORDS; i += SAMPLES) sum = fold(sum, target[i]);
  return sum;
}
