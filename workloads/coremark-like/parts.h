/*
 * The four parts of the compute workload. Each does one unit of work on data derived from `seed` and returns what it
 * computed.
 */
#ifndef PARTS_H
#define PARTS_H

#include <stdint.h>

/* Pointer chasing: builds, searches, sorts and reverses a linked list. */
uint32_t list_part(uint32_t seed);

/* Integer arithmetic with regular access: matrix products. */
uint32_t matrix_part(uint32_t seed);

/* Unpredictable branches: classifies the words of a text with a state machine. */
uint32_t words_part(uint32_t seed);

/* Shifts and dependent logic: a bit-serial cyclic redundancy check. */
uint32_t crc_part(uint32_t seed);

#endif
