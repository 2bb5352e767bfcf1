/*
 * Written for this project; the mix follows the published distribution of statements (R. P. Weicker, "Dhrystone: A
 * Synthetic Systems Programming Benchmark", CACM 27(10), 1984, tables I to III): half assignments, a third control, the
 * rest calls; operands mostly local, some in records behind pointers, a few in arrays.
 */
#include "checksum.h"
#include "program.h"

#define NAME_BYTES 32
#define TABLE 64u

enum kind { PLAIN, SIGNED, SHIFTED, KINDS };

struct entry {
  struct entry *next;
  enum kind kind;
  int32_t weight, value;
  char name[NAME_BYTES];
};

static struct entry entries[2];
static int32_t vector[TABLE], matrix[TABLE][TABLE];
static uint32_t passes;
static char marker;

static __attribute__((noinline)) enum kind kind_after(enum kind kind, int32_t weight) {
  switch (kind) {
    case PLAIN: return weight > 100 ? SIGNED : SHIFTED;
    case SIGNED: return weight < 0 ? PLAIN : SHIFTED;
    default: return (weight & 1) ? PLAIN : SIGNED;
  }
}

static __attribute__((noinline)) int32_t clamp(int32_t value, int32_t low, int32_t high) {
  if (value < low) return low;
  return value > high ? high : value;
}

static __attribute__((noinline)) void weigh(struct entry *entry, int32_t amount) {
  struct entry *const next = entry->next;
  *next = *entry;
  next->weight = amount + (int32_t)passes % 7;
  next->next = entry;
  if (next->kind == PLAIN) {
    next->value = clamp(next->weight * 3 - entry->value, -5000, 5000);
    next->kind = kind_after(entry->kind, next->weight);
  } else {
    entry->kind = kind_after(next->kind, entry->weight - next->weight);
  }
}

static __attribute__((noinline)) void fill(uint32_t at, int32_t value) {
  const uint32_t place = at % (TABLE - 2);
  vector[place] = value;
  vector[place + 1] = vector[place];
  vector[place + 2] = (int32_t)place;
  for (uint32_t column = place; column <= place + 1; column++) matrix[place][column] = (int32_t)place;
  matrix[place][place] += 1;
  matrix[(place + 20) % TABLE][place] = vector[place];
}

static __attribute__((noinline)) uint32_t first_common(const char *left, const char *right) {
  uint32_t at = 0;
  while (left[at] && left[at] == right[at]) at++;
  return at;
}

static uint32_t pass(uint32_t number) {
  char first[NAME_BYTES], second[NAME_BYTES];
  text_copy(first, "a program of common statements");
  text_copy(second, number & 1 ? "a program of common procedures" : "a program of common statements");
  int32_t amount = (int32_t)(number & 0xff), limit = 3;
  marker = text_compare(first, second) == 0 ? 'A' : 'B';
  while (amount > limit * limit) {
    limit += (amount & 1) + 1;
    amount -= limit;
  }
  fill(number, amount);
  weigh(&entries[number & 1], amount + limit);
  for (char letter = 'A'; letter <= marker; letter++) {
    if (letter == 'B') text_copy(entries[0].name, second);
    else entries[1].value = clamp(entries[1].value + letter, -4000, 4000);
  }
  return first_common(first, entries[0].name) + (uint32_t)(entries[0].value ^ entries[1].weight);
}

uint32_t workload_run(uint32_t scale) {
  entries[0] = (struct entry){ &entries[1], PLAIN, 10, 40, "a program of other statements" };
  entries[1] = (struct entry){ &entries[0], SIGNED, 20, -40, "a program" };
  uint32_t sum = CHECKSUM_SEED;
  for (passes = 0; passes < scale; passes++) sum = fold(sum, pass(passes));
  for (uint32_t at = 0; at < TABLE; at++) sum = fold(fold(sum, (uint32_t)vector[at]), (uint32_t)matrix[at][at]);
  return sum;
}
