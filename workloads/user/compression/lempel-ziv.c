#include "lempel-ziv.h"

#include "program.h"

#define HASH_BITS 13u
#define HASH_MULTIPLIER 2654435761u
/* How many earlier places are compared: more finds longer matches and takes longer. */
#define TRIES 16u
#define NOWHERE (~0u)
#define TEXT_MAXIMUM 65536u

/* The last place with each hash, and before each place the one with the same hash. */
static uint32_t last_place[1 << HASH_BITS], place_before[TEXT_MAXIMUM];

static uint32_t hash(const uint8_t *at) {
  const uint32_t word = at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
  return word * HASH_MULTIPLIER >> (32 - HASH_BITS);
}

static void remember(const uint8_t *text, uint32_t place) {
  const uint32_t slot = hash(text + place);
  place_before[place] = last_place[slot];
  last_place[slot] = place;
}

static uint32_t common_bytes(const uint8_t *a, const uint8_t *b, uint32_t limit) {
  uint32_t length = 0;
  while (length < limit && a[length] == b[length]) length++;
  return length;
}

/* The longest match for what begins at `place`; its length is 0 if there is none. */
static uint32_t longest_match(const uint8_t *text, uint32_t place, uint32_t limit, uint32_t *distance) {
  uint32_t best = SHORTEST_MATCH - 1, candidate = last_place[hash(text + place)];
  for (uint32_t tries = 0; tries < TRIES && candidate != NOWHERE; tries++) {
    if (place - candidate > LONGEST_DISTANCE) break;
    const uint32_t length = common_bytes(text + candidate, text + place, limit);
    if (length > best) {
      best = length;
      *distance = place - candidate;
    }
    candidate = place_before[candidate];
  }
  return best >= SHORTEST_MATCH ? best : 0;
}

uint32_t find_repetitions(const uint8_t *text, uint32_t bytes, struct token *tokens) {
  uint32_t count = 0;
  if (bytes > TEXT_MAXIMUM) fail("the text is too long", 0);
  for (uint32_t slot = 0; slot < 1 << HASH_BITS; slot++) last_place[slot] = NOWHERE;
  for (uint32_t place = 0; place < bytes;) {
    const uint32_t rest = bytes - place;
    uint32_t distance = 0, length = 0;
    if (rest >= SHORTEST_MATCH) {
      length = longest_match(text, place, rest < LONGEST_MATCH ? rest : LONGEST_MATCH, &distance);
    }
    const uint32_t symbol = length ? FIRST_MATCH_SYMBOL + length - SHORTEST_MATCH : text[place];
    tokens[count++] = (struct token){ (uint16_t)symbol, (uint16_t)distance };
    for (uint32_t end = place + (length ? length : 1); place < end; place++) {
      if (bytes - place >= SHORTEST_MATCH) remember(text, place);
    }
  }
  return count;
}

uint32_t expand(const struct token *tokens, uint32_t count, uint8_t *text, uint32_t room) {
  uint32_t place = 0;
  for (uint32_t at = 0; at < count; at++) {
    if (tokens[at].symbol < FIRST_MATCH_SYMBOL) {
      if (place == room) return 0;
      text[place++] = (uint8_t)tokens[at].symbol;
      continue;
    }
    const uint32_t length = tokens[at].symbol - FIRST_MATCH_SYMBOL + SHORTEST_MATCH, distance = tokens[at].distance;
    if (distance == 0 || distance > place || length > room - place) return 0;
    /* Byte by byte: a match may overlap what it makes. */
    for (uint32_t end = place + length; place < end; place++) text[place] = text[place - distance];
  }
  return place;
}
