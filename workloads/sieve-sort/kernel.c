/*
 * Streaming and irregular access to arrays larger than a first-level cache: a sieve, then the same numbers sorted in
 * two ways.
 */
#include "checksum.h"
#include "random.h"
#include "workload.h"

#define SIEVE_ROOT 512u
#define SIEVE_LIMIT (SIEVE_ROOT * SIEVE_ROOT)
#define NUMBERS 32768u
/* Shorter ranges are left to insertion sort. */
#define SHORT_RANGE 16u

static uint8_t composite[SIEVE_LIMIT];
static uint32_t quick[NUMBERS], heap[NUMBERS];

/* Eratosthenes; folds the number of primes and their sum. */
static uint32_t sieve(uint32_t sum) {
  for (uint32_t i = 0; i < SIEVE_LIMIT; i++) composite[i] = 0;
  uint32_t primes = 0, total = 0;
  for (uint32_t candidate = 2; candidate < SIEVE_LIMIT; candidate++) {
    if (composite[candidate]) continue;
    primes++;
    total += candidate;
    if (candidate >= SIEVE_ROOT) continue;
    for (uint32_t multiple = candidate * candidate; multiple < SIEVE_LIMIT; multiple += candidate) {
      composite[multiple] = 1;
    }
  }
  return fold(fold(sum, primes), total);
}

static void swap(uint32_t *a, uint32_t *b) {
  const uint32_t kept = *a;
  *a = *b;
  *b = kept;
}

static void insertion_sort(uint32_t *numbers, uint32_t length) {
  for (uint32_t i = 1; i < length; i++) {
    const uint32_t moving = numbers[i];
    uint32_t hole = i;
    for (; hole > 0 && numbers[hole - 1] > moving; hole--) numbers[hole] = numbers[hole - 1];
    numbers[hole] = moving;
  }
}

/* Orders the first, middle and last number and returns the middle one. */
static uint32_t median_of_three(uint32_t *numbers, uint32_t length) {
  uint32_t *first = numbers, *middle = numbers + length / 2, *last = numbers + length - 1;
  if (*first > *middle) swap(first, middle);
  if (*middle > *last) swap(middle, last);
  if (*first > *middle) swap(first, middle);
  return *middle;
}

/* C. A. R. Hoare, "Quicksort", Computer Journal 5(1), 1962: partition from both ends, recursion on the shorter part. */
static void quick_sort(uint32_t *numbers, uint32_t length) {
  while (length > SHORT_RANGE) {
    const uint32_t pivot = median_of_three(numbers, length);
    uint32_t low = 0, high = length - 1;
    for (;;) {
      while (numbers[low] < pivot) low++;
      while (numbers[high] > pivot) high--;
      if (low >= high) break;
      swap(&numbers[low++], &numbers[high--]);
    }
    const uint32_t left = high + 1, right = length - left;
    if (left < right) {
      quick_sort(numbers, left);
      numbers += left;
      length = right;
    } else {
      quick_sort(numbers + left, right);
      length = left;
    }
  }
  insertion_sort(numbers, length);
}

static void sift_down(uint32_t *numbers, uint32_t root, uint32_t length) {
  const uint32_t sinking = numbers[root];
  for (uint32_t child = 2 * root + 1; child < length; child = 2 * root + 1) {
    if (child + 1 < length && numbers[child + 1] > numbers[child]) child++;
    if (numbers[child] <= sinking) break;
    numbers[root] = numbers[child];
    root = child;
  }
  numbers[root] = sinking;
}

/* J. W. J. Williams, "Algorithm 232: Heapsort", CACM 7(6), 1964, with the linear-time heap construction. */
static void heap_sort(uint32_t *numbers, uint32_t length) {
  for (uint32_t root = length / 2; root-- > 0;) sift_down(numbers, root, length);
  for (uint32_t last = length - 1; last > 0; last--) {
    swap(&numbers[0], &numbers[last]);
    sift_down(numbers, 0, last);
  }
}

static uint32_t sort_both(uint32_t sum) {
  uint32_t random = sum | 1;
  for (uint32_t i = 0; i < NUMBERS; i++) quick[i] = heap[i] = random_next(&random);
  quick_sort(quick, NUMBERS);
  heap_sort(heap, NUMBERS);
  uint32_t differences = 0;
  for (uint32_t i = 0; i < NUMBERS; i++) {
    differences += quick[i] != heap[i];
    sum = fold(sum, quick[i]);
  }
  return fold(sum, differences);
}

uint32_t workload_run(uint32_t scale) {
  uint32_t sum = CHECKSUM_SEED;
  for (uint32_t round = 0; round < scale; round++) sum = sort_both(sieve(sum));
  return sum;
}
