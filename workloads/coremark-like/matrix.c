#include "checksum.h"
#include "parts.h"
#include "random.h"

#define ROWS 24

static int16_t left[ROWS][ROWS], right[ROWS][ROWS];
static int32_t product[ROWS][ROWS];

static void matrices_fill(uint32_t seed) {
  uint32_t random = seed | 1;
  for (uint32_t row = 0; row < ROWS; row++) {
    for (uint32_t column = 0; column < ROWS; column++) {
      const uint32_t bits = random_next(&random);
      left[row][column] = (int16_t)(bits & 0xfff);
      right[row][column] = (int16_t)((int32_t)(bits >> 16 & 0xfff) - 0x800);
    }
  }
}

/* The sums stay below 2^31: 24 * 2^12 * 2^11 < 2^28. */
static void matrices_multiply(void) {
  for (uint32_t row = 0; row < ROWS; row++) {
    for (uint32_t column = 0; column < ROWS; column++) {
      int32_t sum = 0;
      for (uint32_t i = 0; i < ROWS; i++) sum += left[row][i] * right[i][column];
      product[row][column] = sum;
    }
  }
}

static uint32_t product_times_vector(uint32_t sum) {
  for (uint32_t row = 0; row < ROWS; row++) {
    uint32_t element = 0;
    for (uint32_t i = 0; i < ROWS; i++) element += (uint32_t)product[row][i] * (uint32_t)left[i][0];
    sum = fold(sum, element);
  }
  return sum;
}

static void left_add(int16_t constant) {
  for (uint32_t row = 0; row < ROWS; row++) {
    for (uint32_t column = 0; column < ROWS; column++) left[row][column] = (int16_t)(left[row][column] + constant);
  }
}

/* Clips each element and counts how often the product's diagonal neighbours rise. */
static uint32_t product_extract(uint32_t sum) {
  uint32_t rises = 0;
  for (uint32_t row = 1; row < ROWS; row++) {
    for (uint32_t column = 1; column < ROWS; column++) {
      const int32_t element = product[row][column];
      if (element > product[row - 1][column - 1]) rises++;
      sum += (uint32_t)(element < 0 ? element >> 5 & 0xff : element >> 2 & 0x7f);
    }
  }
  return fold(sum, rises);
}

uint32_t matrix_part(uint32_t seed) {
  matrices_fill(seed);
  matrices_multiply();
  uint32_t sum = product_times_vector(CHECKSUM_SEED);
  left_add((int16_t)(seed & 0x3ff));
  matrices_multiply();
  sum = product_times_vector(sum);
  return product_extract(sum);
}
