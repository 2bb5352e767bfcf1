/* Expressions by precedence climbing. */
#include "parser.h"

#define LOWEST_PRECEDENCE 1u
#define NO_OPERATOR 0u

static const struct { uint32_t symbol, precedence; } operators[] = {
  { '|', 1 }, { '^', 2 }, { '&', 3 }, { EQUAL, 4 }, { UNEQUAL, 4 }, { '<', 5 }, { '>', 5 }, { AT_MOST, 5 },
  { AT_LEAST, 5 }, { SHIFT_LEFT, 6 }, { SHIFT_RIGHT, 6 }, { '+', 7 }, { '-', 7 }, { '*', 8 }, { '/', 8 }, { '%', 8 },
};

static void parse_unary(struct parser *parser);

static uint32_t precedence_of(uint32_t symbol) {
  for (uint32_t at = 0; at < sizeof operators / sizeof operators[0]; at++) {
    if (operators[at].symbol == symbol) return operators[at].precedence;
  }
  return NO_OPERATOR;
}

/* Operators of at least this precedence, behind their left operand; all of them associate to the left. */
static void parse_operators(struct parser *parser, uint32_t least) {
  for (;;) {
    const uint32_t symbol = parser->scanner.symbol, precedence = precedence_of(symbol);
    if (precedence < least) return;
    scan(&parser->scanner);
    emit_push(&parser->code);
    parse_unary(parser);
    parse_operators(parser, precedence + 1);
    if (!emit_binary(&parser->code, symbol)) source_error(&parser->scanner, "no such operator");
  }
}

struct definition parse_known_name(struct parser *parser) {
  const struct definition *found = symbol_find(&parser->symbols, parser->scanner.name);
  if (!found) source_error(&parser->scanner, "an unknown name");
  scan_expected(&parser->scanner, NAME);
  return *found;
}

static void parse_call(struct parser *parser, const struct definition *function) {
  uint32_t given = 0;
  scan_expected(&parser->scanner, '(');
  while (!scan_if(&parser->scanner, ')')) {
    if (given++ > 0) scan_expected(&parser->scanner, ',');
    parse_expression(parser);
    emit_push(&parser->code);
  }
  if (given != function->parameters) source_error(&parser->scanner, "another number of arguments is expected");
  emit_call(&parser->code, function);
}

static void parse_name(struct parser *parser, const struct definition *name) {
  if (name->meaning == FUNCTION) {
    parse_call(parser, name);
  } else if (name->meaning == ARRAY) {
    scan_expected(&parser->scanner, '[');
    parse_expression(parser);
    scan_expected(&parser->scanner, ']');
    emit_load_element(&parser->code, name);
  } else {
    emit_load(&parser->code, name);
  }
}

static void parse_primary(struct parser *parser) {
  if (parser->scanner.symbol == NAME) {
    const struct definition name = parse_known_name(parser);
    parse_name(parser, &name);
  } else if (scan_if(&parser->scanner, '(')) {
    parse_expression(parser);
    scan_expected(&parser->scanner, ')');
  } else {
    emit_constant(&parser->code, parser->scanner.number);
    scan_expected(&parser->scanner, NUMBER);
  }
}

static void parse_unary(struct parser *parser) {
  const uint32_t symbol = parser->scanner.symbol;
  if (symbol == '-' || symbol == '~' || symbol == '!') {
    scan(&parser->scanner);
    parse_unary(parser);
    emit_unary(&parser->code, symbol);
  } else {
    parse_primary(parser);
  }
}

void parse_expression(struct parser *parser) {
  parse_unary(parser);
  parse_operators(parser, LOWEST_PRECEDENCE);
}

void parse_expression_behind(struct parser *parser, const struct definition *name) {
  parse_name(parser, name);
  parse_operators(parser, LOWEST_PRECEDENCE);
}
