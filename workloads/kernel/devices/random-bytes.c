#include "devices/random-bytes.h"

#include "random.h"

/* Any state but 0. */
#define DEFAULT_STATE 0x6c616273u

static uint32_t state = DEFAULT_STATE;

void random_seed(uint32_t seed) {
  state = seed ? seed : DEFAULT_STATE;
}

void random_fill(void *to, uint32_t bytes) {
  uint8_t *out = to;
  for (uint32_t at = 0, word = 0; at < bytes; at++, word >>= 8) {
    if (at % 4 == 0) word = random_next(&state);
    out[at] = (uint8_t)word;
  }
}
