#include "checksum.h"
#include "parts.h"
#include "random.h"

#define NODES 256
#define SEARCHES 64
#define KEY_MASK 0xffu

struct node {
  struct node *next;
  uint32_t key, payload;
};

/* True if the first node may stand before the second. */
typedef int (*order)(const struct node *, const struct node *);

static struct node nodes[NODES];

static int by_key(const struct node *a, const struct node *b) {
  return a->key <= b->key;
}

static int by_payload(const struct node *a, const struct node *b) {
  return a->payload <= b->payload;
}

static struct node *list_build(uint32_t seed) {
  uint32_t random = seed | 1;
  struct node *head = 0;
  for (uint32_t i = 0; i < NODES; i++) {
    nodes[i].key = random_next(&random) & KEY_MASK;
    nodes[i].payload = random_next(&random);
    nodes[i].next = head;
    head = &nodes[i];
  }
  return head;
}

static struct node *list_reverse(struct node *head) {
  struct node *reversed = 0;
  while (head) {
    struct node *rest = head->next;
    head->next = reversed;
    reversed = head;
    head = rest;
  }
  return reversed;
}

static const struct node *list_find(const struct node *head, uint32_t key) {
  while (head && head->key != key) head = head->next;
  return head;
}

static struct node *list_merge(struct node *a, struct node *b, order before) {
  struct node *merged = 0, **end = &merged;
  while (a && b) {
    struct node **smaller = before(a, b) ? &a : &b;
    *end = *smaller;
    end = &(*smaller)->next;
    *smaller = *end;
  }
  *end = a ? a : b;
  return merged;
}

/* Stable merge sort of the first `length` nodes. */
static struct node *list_sort(struct node *head, uint32_t length, order before) {
  if (length < 2) {
    if (head) head->next = 0;
    return head;
  }
  struct node *half = head;
  for (uint32_t i = 0; i < length / 2; i++) half = half->next;
  struct node *second = list_sort(half, length - length / 2, before);
  return list_merge(list_sort(head, length / 2, before), second, before);
}

static uint32_t list_digest(const struct node *head) {
  uint32_t sum = CHECKSUM_SEED;
  for (; head; head = head->next) sum = fold(sum, head->payload ^ head->key);
  return sum;
}

uint32_t list_part(uint32_t seed) {
  struct node *head = list_build(seed);
  uint32_t sum = list_digest(head);
  for (uint32_t i = 0; i < SEARCHES; i++) {
    const struct node *found = list_find(head, (seed + i) & KEY_MASK);
    sum = fold(sum, found ? found->payload : i);
  }
  head = list_sort(head, NODES, by_key);
  sum = fold(sum, list_digest(head));
  head = list_reverse(head);
  sum = fold(sum, list_digest(head));
  head = list_sort(head, NODES, by_payload);
  return fold(sum, list_digest(head));
}
