/* Tokens as bits: a canonical Huffman code for the symbols, distances as they are. */
#ifndef HUFFMAN_H
#define HUFFMAN_H

#include <stdint.h>

#include "lempel-ziv.h"

/* Packs tokens behind the lengths of their code; returns the number of bytes. Fails if they do not fit. */
uint32_t encode(const struct token *tokens, uint32_t count, uint8_t *packed, uint32_t room);

/* The reverse; returns the number of tokens. Fails if there are more than `room` or the bits make no sense. */
uint32_t decode(const uint8_t *packed, uint32_t bytes, struct token *tokens, uint32_t room);

#endif
