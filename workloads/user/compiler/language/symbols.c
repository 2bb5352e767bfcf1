#include "symbols.h"

#include "text.h"

/* The latest first, so that a local hides a global. */
const struct definition *symbol_find(const struct symbols *symbols, const char *name) {
  for (uint32_t at = symbols->count; at-- > 0;) {
    if (text_compare(symbols->list[at].name, name) == 0) return &symbols->list[at];
  }
  return 0;
}

struct definition *symbol_define(struct symbols *symbols, const char *name, enum meaning meaning, int32_t place) {
  if (symbols->count == DEFINITIONS_MAXIMUM) return 0;
  struct definition *definition = &symbols->list[symbols->count++];
  text_copy(definition->name, name);
  definition->meaning = meaning;
  definition->place = place;
  definition->parameters = 0;
  return definition;
}
