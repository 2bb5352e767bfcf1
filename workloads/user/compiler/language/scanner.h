/* Source text to symbols of the grammar, one ahead. */
#ifndef SCANNER_H
#define SCANNER_H

#include <stdint.h>

#define NAME_BYTES 24u

enum symbol {
  END_OF_SOURCE, NUMBER, NAME,
  KEYWORD_VAR, KEYWORD_FN, KEYWORD_IF, KEYWORD_ELSE, KEYWORD_WHILE, KEYWORD_RETURN,
  /* A character that stands for itself is its code; these are two characters. */
  EQUAL = 256, UNEQUAL, AT_MOST, AT_LEAST, SHIFT_LEFT, SHIFT_RIGHT,
};
/* Characters that stand for themselves come behind the words above. */
_Static_assert(KEYWORD_RETURN < ' ', "symbols and characters must differ");

struct scanner {
  const char *at, *end;
  uint32_t line;
  /* The symbol that comes next, and what it says if it is a number or a name. */
  uint32_t symbol;
  int32_t number;
  char name[NAME_BYTES];
};

void scanner_open(struct scanner *scanner, const char *source, const char *end);

/* Goes on to the next symbol. */
void scan(struct scanner *scanner);

/* Goes on if this symbol comes next; returns whether it did. */
int scan_if(struct scanner *scanner, uint32_t symbol);

/* Goes on behind a symbol that must come next. */
void scan_expected(struct scanner *scanner, uint32_t symbol);

/* Ends the program with the line and a reason. */
__attribute__((noreturn)) void source_error(const struct scanner *scanner, const char *reason);

#endif
