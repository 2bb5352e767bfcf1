#include "checksum.h"
#include "program.h"
#include "random.h"

#define ORDER 64u
#define STREAM 0x6d617472u
/* The largest prime below 2^16: a product of two residues fits 32 bits. */
#define PRIME 65521u

typedef uint32_t square[ORDER][ORDER];

static square first, second, product, work;

static void fill(square matrix, uint32_t *random) {
  for (uint32_t row = 0; row < ORDER; row++) {
    for (uint32_t column = 0; column < ORDER; column++) matrix[row][column] = random_next(random) % PRIME;
  }
}

/* Each term is below 2^32; reducing it before it is added keeps the sum below. */
static void multiply(square result, const square left, const square right) {
  for (uint32_t row = 0; row < ORDER; row++) {
    for (uint32_t column = 0; column < ORDER; column++) {
      uint32_t sum = 0;
      for (uint32_t at = 0; at < ORDER; at++) sum += left[row][at] * right[at][column] % PRIME;
      result[row][column] = sum % PRIME;
    }
  }
}

static uint32_t power(uint32_t base, uint32_t exponent) {
  uint32_t result = 1;
  for (; exponent > 0; exponent >>= 1) {
    if (exponent & 1) result = result * base % PRIME;
    base = base * base % PRIME;
  }
  return result;
}

static uint32_t pivot_row(const square matrix, uint32_t column) {
  uint32_t row = column;
  while (row < ORDER && matrix[row][column] == 0) row++;
  return row;
}

static void swap_rows(square matrix, uint32_t a, uint32_t b) {
  for (uint32_t column = 0; column < ORDER; column++) {
    const uint32_t kept = matrix[a][column];
    matrix[a][column] = matrix[b][column];
    matrix[b][column] = kept;
  }
}

static void eliminate(square matrix, uint32_t column, uint32_t row, uint32_t inverse) {
  const uint32_t factor = matrix[row][column] * inverse % PRIME;
  for (uint32_t at = column; at < ORDER; at++) {
    matrix[row][at] = (matrix[row][at] + (PRIME - factor) * matrix[column][at]) % PRIME;
  }
}

/* By elimination; destroys the matrix. */
static uint32_t determinant(square matrix) {
  uint32_t result = 1;
  for (uint32_t column = 0; column < ORDER; column++) {
    const uint32_t pivot = pivot_row(matrix, column);
    if (pivot == ORDER) return 0;
    if (pivot != column) {
      swap_rows(matrix, pivot, column);
      result = PRIME - result;
    }
    result = result * matrix[column][column] % PRIME;
    const uint32_t inverse = power(matrix[column][column], PRIME - 2);
    for (uint32_t row = column + 1; row < ORDER; row++) eliminate(matrix, column, row, inverse);
  }
  return result;
}

static uint32_t determinant_of_copy(const square matrix) {
  memcpy(work, matrix, sizeof work);
  return determinant(work);
}

uint32_t workload_run(uint32_t scale) {
  uint32_t sum = CHECKSUM_SEED, random = STREAM;
  for (uint32_t round = 0; round < scale; round++) {
    fill(first, &random);
    fill(second, &random);
    multiply(product, first, second);
    const uint32_t separately = determinant_of_copy(first) * determinant_of_copy(second) % PRIME;
    /* The determinant of a product is the product of the determinants: the program checks itself. */
    if (determinant_of_copy(product) != separately) fail("the determinants disagree", 0);
    for (uint32_t at = 0; at < ORDER; at++) sum = fold(sum, product[at][ORDER - 1 - at]);
    sum = fold(sum, separately);
  }
  return sum;
}
