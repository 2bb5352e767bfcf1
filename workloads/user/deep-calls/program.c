#include "checksum.h"
#include "program.h"
#include "random.h"

#define STREAM 0x63616c6cu
#define DEPTH 1000u
#define STEPS 4096u

typedef uint32_t (*action)(uint32_t value);

static __attribute__((noinline)) uint32_t descend_odd(uint32_t depth, uint32_t value);

/* Two functions that call each other, with work behind the call, so that no frame can be dropped. */
static __attribute__((noinline)) uint32_t descend_even(uint32_t depth, uint32_t value) {
  if (depth == 0) return value;
  return fold(descend_odd(depth - 1, value + depth), depth);
}

static __attribute__((noinline)) uint32_t descend_odd(uint32_t depth, uint32_t value) {
  if (depth == 0) return ~value;
  return descend_even(depth - 1, value ^ depth) + depth;
}

/* W. Ackermann's function: calls whose depth depends on what calls returned. */
static __attribute__((noinline)) uint32_t ackermann(uint32_t m, uint32_t n) {
  if (m == 0) return n + 1;
  if (n == 0) return ackermann(m - 1, 1);
  return ackermann(m - 1, ackermann(m, n - 1));
}

static uint32_t double_it(uint32_t value) { return value << 1 | value >> 31; }
static uint32_t invert(uint32_t value) { return ~value; }
static uint32_t increase(uint32_t value) { return value + 0x1234567; }
static uint32_t mix(uint32_t value) { return value ^ value >> 15; }

static action const actions[] = { double_it, invert, increase, mix };

/* A jump through the compiler's table for a switch. */
static __attribute__((noinline)) uint32_t choose(uint32_t which, uint32_t value) {
  switch (which) {
    case 0: return value + 1;
    case 1: return value * 3;
    case 2: return value ^ 0x55555555;
    case 3: return value - 77;
    case 4: return value >> 3 | value << 29;
    case 5: return value * value;
    case 6: return value ^ value << 9;
    default: return -value;
  }
}

uint32_t workload_run(uint32_t scale) {
  uint32_t sum = CHECKSUM_SEED, random = STREAM;
  for (uint32_t round = 0; round < scale; round++) {
    for (uint32_t at = 0; at < 8; at++) sum = fold(sum, descend_even(DEPTH + at, sum));
    sum = fold(sum, ackermann(2, 24 + round % 8));
    for (uint32_t step = 0; step < STEPS; step++) {
      const uint32_t bits = random_next(&random);
      sum = choose(bits & 7, actions[bits >> 3 & 3](sum));
    }
  }
  return sum;
}
