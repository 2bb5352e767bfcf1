/* What the names of a program mean. */
#ifndef SYMBOLS_H
#define SYMBOLS_H

#include <stdint.h>

#include "scanner.h"

/*
 * Where the value is: GLOBAL at `place` bytes from EBX, ARRAY begins there, LOCAL at `place` bytes from EBP. A FUNCTION
 * begins at `place` in the code and takes `parameters`.
 */
enum meaning { GLOBAL, ARRAY, FUNCTION, LOCAL };

struct definition {
  char name[NAME_BYTES];
  enum meaning meaning;
  int32_t place;
  uint32_t parameters;
};

#define DEFINITIONS_MAXIMUM 128u

struct symbols {
  uint32_t count;
  struct definition list[DEFINITIONS_MAXIMUM];
};

/* The latest definition of a name, or 0. */
const struct definition *symbol_find(const struct symbols *symbols, const char *name);

/* Adds a definition; 0 if there is no room. */
struct definition *symbol_define(struct symbols *symbols, const char *name, enum meaning meaning, int32_t place);

#endif
