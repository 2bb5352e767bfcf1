/*
 * Radix 2, in place (J. W. Cooley and J. W. Tukey, Math. Comp. 19, 1965). The roots of unity come from square roots and
 * products: FSIN and FCOS differ between processors in the last bits, these do not.
 */
#include "checksum.h"
#include "program.h"
#include "random.h"
#include "x87.h"

#define LEVELS 10u
#define POINTS (1u << LEVELS)
#define STREAM 0x66667421u
/* What forth and back may change, in units of the largest input, 1. */
#define TOLERANCE 1e-12

struct complex {
  double real, imaginary;
};

static struct complex points[POINTS], before[POINTS], roots[POINTS / 2];

static struct complex product(struct complex a, struct complex b) {
  return (struct complex){ a.real * b.real - a.imaginary * b.imaginary, a.real * b.imaginary + a.imaginary * b.real };
}

/*
 * roots[k] = exp(-2 pi i k / POINTS). Half an angle by cos(x/2) = sqrt((1 + cos x) / 2); a root with several bits in its
 * number is the product of two with fewer.
 */
static void find_roots(void) {
  struct complex power = { 0, -1 };
  roots[0] = (struct complex){ 1, 0 };
  for (uint32_t number = POINTS / 4; number > 0; number /= 2) {
    roots[number] = power;
    const double cosine = x87_square_root((1 + power.real) / 2);
    power = (struct complex){ cosine, power.imaginary / (2 * cosine) };
  }
  for (uint32_t number = 1; number < POINTS / 2; number++) {
    const uint32_t lowest = number & -number;
    if (lowest != number) roots[number] = product(roots[number - lowest], roots[lowest]);
  }
}

void workload_prepare(void) {
  uint32_t random = STREAM;
  x87_set_double_precision();
  find_roots();
  for (uint32_t at = 0; at < POINTS; at++) {
    points[at].real = (double)(int32_t)random_next(&random) / 2147483648.0;
    points[at].imaginary = (double)(int32_t)random_next(&random) / 2147483648.0;
  }
}

static void reverse_bits(void) {
  for (uint32_t at = 0, reversed = 0; at < POINTS; at++) {
    if (at < reversed) {
      const struct complex kept = points[at];
      points[at] = points[reversed];
      points[reversed] = kept;
    }
    uint32_t bit = POINTS >> 1;
    for (; reversed & bit; bit >>= 1) reversed ^= bit;
    reversed |= bit;
  }
}

static void transform(void) {
  reverse_bits();
  for (uint32_t half = 1; half < POINTS; half *= 2) {
    const uint32_t stride = POINTS / 2 / half;
    for (uint32_t start = 0; start < POINTS; start += 2 * half) {
      for (uint32_t at = start; at < start + half; at++) {
        const struct complex turned = product(points[at + half], roots[(at - start) * stride]);
        const struct complex kept = points[at];
        points[at] = (struct complex){ kept.real + turned.real, kept.imaginary + turned.imaginary };
        points[at + half] = (struct complex){ kept.real - turned.real, kept.imaginary - turned.imaginary };
      }
    }
  }
}

/* The inverse is the transform of the conjugates, conjugated and divided by the number of points. */
static void conjugate(double factor) {
  for (uint32_t at = 0; at < POINTS; at++) {
    points[at].real *= factor;
    points[at].imaginary *= -factor;
  }
}

static int is_near(double a, double b) {
  return a - b < TOLERANCE && b - a < TOLERANCE;
}

static void compare_with_before(void) {
  for (uint32_t at = 0; at < POINTS; at++) {
    if (!is_near(points[at].real, before[at].real) || !is_near(points[at].imaginary, before[at].imaginary)) {
      fail("forth and back is not the identity", 0);
    }
  }
}

uint32_t workload_run(uint32_t scale) {
  uint32_t sum = CHECKSUM_SEED;
  for (uint32_t round = 0; round < scale; round++) {
    memcpy(before, points, sizeof before);
    transform();
    for (uint32_t at = round; at < POINTS; at += 64) sum = fold_double(fold_double(sum, points[at].real), points[at].imaginary);
    conjugate(1);
    transform();
    conjugate(1.0 / POINTS);
    compare_with_before();
  }
  for (uint32_t at = 0; at < POINTS; at++) sum = fold_double(fold_double(sum, points[at].real), points[at].imaginary);
  return sum;
}
