/* SHA-256 (FIPS 180-4). The constants are computed from their definition: fractions of roots of the first primes. */
#include "checksum.h"
#include "program.h"
#include "random.h"

#define ROUNDS 64u
#define STATE_WORDS 8u
#define BLOCK_BYTES 64u
#define LENGTH_BYTES 8u
#define MESSAGE_BYTES 8192u
#define STREAM 0x73686132u
/* The first 32 bits behind the binary point of a cube root below 7 have 35 bits with the whole part. */
#define ROOT_BITS 35

static uint32_t round_constants[ROUNDS], initial_state[STATE_WORDS];
static uint8_t message[MESSAGE_BYTES];

/* True if root^power <= prime * 2^(32 * power), in words of 32 bits, the lowest first. */
static int root_fits(uint64_t root, uint32_t power, uint32_t prime) {
  uint32_t product[8] = { 1 };
  for (uint32_t factor = 0; factor < power; factor++) {
    uint32_t next[8] = { 0 };
    for (uint32_t place = 0; place < 6; place++) {
      const uint64_t low = (uint64_t)product[place] * (uint32_t)root + next[place];
      const uint64_t high = (uint64_t)product[place] * (uint32_t)(root >> 32) + next[place + 1] + (low >> 32);
      next[place] = (uint32_t)low;
      next[place + 1] = (uint32_t)high;
      next[place + 2] += (uint32_t)(high >> 32);
    }
    memcpy(product, next, sizeof product);
  }
  /* prime * 2^(32 * power) has the prime in word `power` and zeros below. */
  return product[power + 1] == 0 && product[power] < prime;
}

/* The first 32 bits of the fraction of a prime's square or cube root, which is never a whole number. */
static uint32_t root_fraction(uint32_t prime, uint32_t power) {
  uint64_t root = 0;
  for (uint32_t bit = ROOT_BITS + 2; bit-- > 0;) {
    if (root_fits(root | 1ull << bit, power, prime)) root |= 1ull << bit;
  }
  return (uint32_t)root;
}

static int is_prime(uint32_t number) {
  for (uint32_t factor = 2; factor * factor <= number; factor++) {
    if (number % factor == 0) return 0;
  }
  return 1;
}

void workload_prepare(void) {
  uint32_t random = STREAM;
  for (uint32_t number = 2, count = 0; count < ROUNDS; number++) {
    if (!is_prime(number)) continue;
    if (count < STATE_WORDS) initial_state[count] = root_fraction(number, 2);
    round_constants[count++] = root_fraction(number, 3);
  }
  for (uint32_t at = 0; at < MESSAGE_BYTES; at++) message[at] = (uint8_t)random_next(&random);
}

static inline uint32_t rotate(uint32_t value, uint32_t bits) {
  return value >> bits | value << (32 - bits);
}

static void schedule(uint32_t words[ROUNDS], const uint8_t *block) {
  for (uint32_t at = 0; at < 16; at++) {
    const uint8_t *bytes = block + 4 * at;
    words[at] = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
  }
  for (uint32_t at = 16; at < ROUNDS; at++) {
    const uint32_t early = words[at - 15], late = words[at - 2];
    const uint32_t small0 = rotate(early, 7) ^ rotate(early, 18) ^ early >> 3;
    const uint32_t small1 = rotate(late, 17) ^ rotate(late, 19) ^ late >> 10;
    words[at] = words[at - 16] + small0 + words[at - 7] + small1;
  }
}

static void compress(uint32_t state[STATE_WORDS], const uint8_t *block) {
  uint32_t words[ROUNDS];
  schedule(words, block);
  uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
  uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
  for (uint32_t at = 0; at < ROUNDS; at++) {
    const uint32_t big1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const uint32_t first = h + big1 + ((e & f) ^ (~e & g)) + round_constants[at] + words[at];
    const uint32_t big0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const uint32_t second = big0 + ((a & b) ^ (a & c) ^ (b & c));
    h = g; g = f; f = e; e = d + first;
    d = c; c = b; b = a; a = first + second;
  }
  state[0] += a; state[1] += b; state[2] += c; state[3] += d;
  state[4] += e; state[5] += f; state[6] += g; state[7] += h;
}

static void digest(uint32_t state[STATE_WORDS], const uint8_t *bytes, uint32_t length) {
  uint8_t last[2 * BLOCK_BYTES] = { 0 };
  const uint32_t whole = length / BLOCK_BYTES * BLOCK_BYTES, rest = length - whole;
  memcpy(state, initial_state, sizeof initial_state);
  for (uint32_t at = 0; at < whole; at += BLOCK_BYTES) compress(state, bytes + at);
  memcpy(last, bytes + whole, rest);
  last[rest] = 0x80;
  const uint32_t padded = rest + 1 + LENGTH_BYTES <= BLOCK_BYTES ? BLOCK_BYTES : 2 * BLOCK_BYTES;
  const uint64_t bits = (uint64_t)length * 8;
  for (uint32_t at = 0; at < LENGTH_BYTES; at++) last[padded - 1 - at] = (uint8_t)(bits >> 8 * at);
  for (uint32_t at = 0; at < padded; at += BLOCK_BYTES) compress(state, last + at);
}

/* FIPS 180-2, appendix B.1: SHA-256("abc") begins and ends so. A wrong constant must not become a recorded checksum. */
static void check_known_answer(void) {
  uint32_t state[STATE_WORDS];
  digest(state, (const uint8_t *)"abc", 3);
  if (state[0] != 0xba7816bfu || state[7] != 0xf20015adu) fail("SHA-256 of abc is wrong", 0);
}

uint32_t workload_run(uint32_t scale) {
  uint32_t state[STATE_WORDS], sum = CHECKSUM_SEED;
  check_known_answer();
  for (uint32_t round = 0; round < scale; round++) {
    /* Each message begins with the digest before it, and lengths differ so that every padding occurs. */
    digest(state, message, MESSAGE_BYTES - round % BLOCK_BYTES);
    memcpy(message, state, sizeof state);
    sum = fold(sum, state[0]);
  }
  for (uint32_t word = 0; word < STATE_WORDS; word++) sum = fold(sum, state[word]);
  return sum;
}
