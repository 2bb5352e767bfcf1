#include "checksum.h"
#include "program.h"
#include "random.h"

#define RECORDS 8192u
#define STREAM 0x736f7274u
#define RADIX 256u
#define NAME_BYTES 8u
#define INSERTION_LIMIT 12u

struct record {
  uint32_t key, serial;
  char name[NAME_BYTES];
};

typedef int (*comparison)(const struct record *, const struct record *);

static struct record records[RECORDS], scratch[RECORDS];
static const struct record *order[RECORDS], *merged[RECORDS];
static uint32_t random_state;

static int order_of(uint32_t a, uint32_t b) {
  return (a > b) - (a < b);
}

static int by_key(const struct record *a, const struct record *b) {
  return a->key != b->key ? order_of(a->key, b->key) : order_of(a->serial, b->serial);
}

static void fill(void) {
  for (uint32_t at = 0; at < RECORDS; at++) {
    struct record *record = &records[at];
    record->key = random_next(&random_state) >> (at & 15);
    record->serial = at;
    for (uint32_t letter = 0; letter < NAME_BYTES - 1; letter++) {
      record->name[letter] = (char)('a' + random_next(&random_state) % 5);
    }
    record->name[NAME_BYTES - 1] = '\0';
  }
}

static void insertion_sort(struct record *first, uint32_t count, comparison compare) {
  for (uint32_t at = 1; at < count; at++) {
    const struct record moved = first[at];
    uint32_t hole = at;
    for (; hole > 0 && compare(&moved, &first[hole - 1]) < 0; hole--) first[hole] = first[hole - 1];
    first[hole] = moved;
  }
}

static void swap(struct record *a, struct record *b) {
  const struct record kept = *a;
  *a = *b;
  *b = kept;
}

/* Quicksort (C. A. R. Hoare, 1962) with the middle record as pivot; the shorter part by recursion, the other by loop. */
static void quick_sort(struct record *first, uint32_t count, comparison compare) {
  while (count > INSERTION_LIMIT) {
    const struct record pivot = first[count / 2];
    uint32_t low = 0, high = count - 1;
    for (;; low++, high--) {
      while (compare(&first[low], &pivot) < 0) low++;
      while (compare(&first[high], &pivot) > 0) high--;
      if (low >= high) break;
      swap(&first[low], &first[high]);
    }
    const uint32_t split = high + 1;
    if (split <= count - split) {
      quick_sort(first, split, compare);
      first += split;
      count -= split;
    } else {
      quick_sort(first + split, count - split, compare);
      count = split;
    }
  }
  insertion_sort(first, count, compare);
}

static int by_name(const struct record *a, const struct record *b) {
  const int difference = text_compare(a->name, b->name);
  return difference != 0 ? difference : order_of(a->serial, b->serial);
}

/* Least significant byte first; stable, so four passes sort the keys. */
static void radix_sort(void) {
  struct record *from = records, *to = scratch;
  for (uint32_t shift = 0; shift < 32; shift += 8) {
    uint32_t place[RADIX] = { 0 };
    for (uint32_t at = 0; at < RECORDS; at++) place[from[at].key >> shift & (RADIX - 1)]++;
    for (uint32_t digit = 0, total = 0; digit < RADIX; digit++) {
      const uint32_t count = place[digit];
      place[digit] = total;
      total += count;
    }
    for (uint32_t at = 0; at < RECORDS; at++) to[place[from[at].key >> shift & (RADIX - 1)]++] = from[at];
    struct record *const kept = from;
    from = to;
    to = kept;
  }
}

/* Merges runs of doubling length between two arrays of pointers. */
static void merge_sort_names(void) {
  const struct record **from = order, **to = merged;
  for (uint32_t at = 0; at < RECORDS; at++) order[at] = &records[at];
  for (uint32_t run = 1; run < RECORDS; run *= 2) {
    for (uint32_t start = 0; start < RECORDS; start += 2 * run) {
      uint32_t left = start, right = start + run;
      const uint32_t left_end = right, right_end = right + run;
      for (uint32_t at = start; at < right_end; at++) {
        const int takes_left = right >= right_end || (left < left_end && by_name(from[left], from[right]) < 0);
        to[at] = takes_left ? from[left++] : from[right++];
      }
    }
    const struct record **const kept = from;
    from = to;
    to = kept;
  }
  if (from != order) memcpy(order, merged, sizeof order);
}
_Static_assert((RECORDS & (RECORDS - 1)) == 0, "runs double up to all records");

static uint32_t fold_records(uint32_t sum) {
  for (uint32_t at = 0; at < RECORDS; at++) sum = fold(fold(sum, records[at].key), records[at].serial);
  return sum;
}

uint32_t workload_run(uint32_t scale) {
  uint32_t sum = CHECKSUM_SEED;
  random_state = STREAM;
  for (uint32_t round = 0; round < scale; round++) {
    fill();
    merge_sort_names();
    for (uint32_t at = 0; at < RECORDS; at++) sum = fold(sum, order[at]->serial);
    radix_sort();
    sum = fold_records(sum);
    quick_sort(records, RECORDS, by_name);
    sum = fold_records(sum);
    quick_sort(records, RECORDS, by_key);
    sum = fold_records(sum);
  }
  return sum;
}
