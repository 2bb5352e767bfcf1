/* What the parts of the parser share. */
#ifndef PARSER_H
#define PARSER_H

#include "instructions.h"
#include "scanner.h"
#include "symbols.h"

struct parser {
  struct scanner scanner;
  struct symbols symbols;
  struct code code;
  /* Words of globals so far, and of locals in this function. */
  uint32_t globals, locals;
};

/* Compiles an expression; its value is in EAX. */
void parse_expression(struct parser *parser);

/* What the name that comes next means; goes on behind it. */
struct definition parse_known_name(struct parser *parser);

/* The rest of an expression that begins with a name which was read already. */
void parse_expression_behind(struct parser *parser, const struct definition *name);

#endif
