#include "huffman.h"

#include "program.h"

#define NODES (2 * SYMBOLS)
/* The deepest leaf of a tree over fewer than 2^24 symbols: weights grow at least like Fibonacci numbers. */
#define LONGEST_CODE 32u
#define COUNT_BYTES 4u
#define HEADER_BYTES (COUNT_BYTES + SYMBOLS)
#define NO_NODE (~0u)

struct bits {
  uint8_t *bytes;
  uint32_t position, room;
};

static void put_bits(struct bits *out, uint32_t value, uint32_t count) {
  if (out->position + count > out->room * 8) fail("no room for the packed text", 0);
  while (count-- > 0) {
    const uint32_t mask = 0x80u >> out->position % 8;
    uint8_t *byte = &out->bytes[out->position++ / 8];
    *byte = (uint8_t)(value >> count & 1 ? *byte | mask : *byte & ~mask);
  }
}

static uint32_t get_bits(struct bits *in, uint32_t count) {
  uint32_t value = 0;
  if (in->position + count > in->room * 8) fail("the packed text ends early", 0);
  for (; count > 0; count--, in->position++) {
    value = value << 1 | (in->bytes[in->position / 8] >> (7 - in->position % 8) & 1);
  }
  return value;
}

/* The lightest node without a parent; of equals, the first. */
static uint32_t lightest(const uint32_t *weights, const uint32_t *parents, uint32_t nodes) {
  uint32_t best = NO_NODE;
  for (uint32_t node = 0; node < nodes; node++) {
    if (weights[node] == 0 || parents[node] != NO_NODE) continue;
    if (best == NO_NODE || weights[node] < weights[best]) best = node;
  }
  return best;
}

/* D. A. Huffman's construction (Proc. IRE 40(9), 1952), by plain search. Symbols that do not occur have length 0. */
static void code_lengths(const uint32_t *frequencies, uint8_t *lengths) {
  static uint32_t weights[NODES], parents[NODES];
  uint32_t nodes = SYMBOLS;
  for (uint32_t node = 0; node < NODES; node++) {
    weights[node] = node < SYMBOLS ? frequencies[node] : 0;
    parents[node] = NO_NODE;
  }
  for (;; nodes++) {
    const uint32_t first = lightest(weights, parents, nodes);
    if (first == NO_NODE) fail("no symbols", 0);
    parents[first] = nodes;
    const uint32_t second = lightest(weights, parents, nodes);
    if (second == NO_NODE) {
      parents[first] = NO_NODE;
      break;
    }
    parents[second] = nodes;
    weights[nodes] = weights[first] + weights[second];
  }
  for (uint32_t symbol = 0; symbol < SYMBOLS; symbol++) {
    lengths[symbol] = 0;
    for (uint32_t node = symbol; parents[node] != NO_NODE; node = parents[node]) lengths[symbol]++;
  }
}

/* Symbols in the order of their codes: by length, then by number. `counts[n]` is how many have length n. */
static void canonical_order(const uint8_t *lengths, uint32_t *counts, uint16_t *ordered) {
  uint32_t place = 0;
  for (uint32_t length = 1; length <= LONGEST_CODE; length++) {
    counts[length] = 0;
    for (uint32_t symbol = 0; symbol < SYMBOLS; symbol++) {
      if (lengths[symbol] != length) continue;
      ordered[place++] = (uint16_t)symbol;
      counts[length]++;
    }
  }
}

static void assign_codes(const uint8_t *lengths, uint32_t *codes) {
  uint32_t counts[LONGEST_CODE + 1], code = 0, place = 0;
  uint16_t ordered[SYMBOLS];
  canonical_order(lengths, counts, ordered);
  for (uint32_t length = 1; length <= LONGEST_CODE; length++) {
    code <<= 1;
    for (uint32_t left = counts[length]; left > 0; left--) codes[ordered[place++]] = code++;
  }
}

uint32_t encode(const struct token *tokens, uint32_t count, uint8_t *packed, uint32_t room) {
  uint32_t frequencies[SYMBOLS] = { 0 }, codes[SYMBOLS];
  uint8_t *const lengths = packed + COUNT_BYTES;
  struct bits out = { packed, 8 * HEADER_BYTES, room };
  if (room < HEADER_BYTES) fail("no room for the code", 0);
  for (uint32_t at = 0; at < count; at++) frequencies[tokens[at].symbol]++;
  memcpy(packed, &count, COUNT_BYTES);
  code_lengths(frequencies, lengths);
  assign_codes(lengths, codes);
  for (uint32_t at = 0; at < count; at++) {
    const uint32_t symbol = tokens[at].symbol;
    put_bits(&out, codes[symbol], lengths[symbol]);
    if (symbol >= FIRST_MATCH_SYMBOL) put_bits(&out, tokens[at].distance, DISTANCE_BITS);
  }
  while (out.position % 8) put_bits(&out, 0, 1);
  return out.position / 8;
}

/* One bit at a time: codes of a length are consecutive numbers, so a number is in or behind them. */
static uint32_t get_symbol(struct bits *in, const uint32_t *counts, const uint16_t *ordered) {
  uint32_t code = 0, first = 0, place = 0;
  for (uint32_t length = 1; length <= LONGEST_CODE; length++) {
    code = code << 1 | get_bits(in, 1);
    first <<= 1;
    if (code - first < counts[length]) return ordered[place + code - first];
    first += counts[length];
    place += counts[length];
  }
  fail("no such code", 0);
}

uint32_t decode(const uint8_t *packed, uint32_t bytes, struct token *tokens, uint32_t room) {
  uint32_t counts[LONGEST_CODE + 1], count;
  uint16_t ordered[SYMBOLS];
  struct bits in = { (uint8_t *)packed, 8 * HEADER_BYTES, bytes };
  if (bytes < HEADER_BYTES) fail("the packed text ends early", 0);
  memcpy(&count, packed, COUNT_BYTES);
  if (count > room) fail("too many tokens", 0);
  canonical_order(packed + COUNT_BYTES, counts, ordered);
  for (uint32_t at = 0; at < count; at++) {
    const uint32_t symbol = get_symbol(&in, counts, ordered);
    const uint32_t distance = symbol >= FIRST_MATCH_SYMBOL ? get_bits(&in, DISTANCE_BITS) : 0;
    tokens[at] = (struct token){ (uint16_t)symbol, (uint16_t)distance };
  }
  return count;
}
