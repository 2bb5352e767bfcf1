/* Repetitions in a text: literals and references back (J. Ziv and A. Lempel, IEEE Trans. Inf. Theory 23(3), 1977). */
#ifndef LEMPEL_ZIV_H
#define LEMPEL_ZIV_H

#include <stdint.h>

#define SHORTEST_MATCH 4u
#define LONGEST_MATCH 35u
#define DISTANCE_BITS 15u
#define LONGEST_DISTANCE ((1u << DISTANCE_BITS) - 1)

/* Symbols: a byte, or one for each length of a match. */
#define FIRST_MATCH_SYMBOL 256u
#define SYMBOLS (FIRST_MATCH_SYMBOL + LONGEST_MATCH - SHORTEST_MATCH + 1)

/* `distance` counts back from here and is 0 for a literal. */
struct token {
  uint16_t symbol, distance;
};

/* Writes the tokens of a text, at most one for each byte; returns their number. */
uint32_t find_repetitions(const uint8_t *text, uint32_t bytes, struct token *tokens);

/* Writes the text of the tokens; returns its length, 0 if they are nonsense. */
uint32_t expand(const struct token *tokens, uint32_t count, uint8_t *text, uint32_t room);

#endif
