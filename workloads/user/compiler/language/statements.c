/* Programs, functions and statements, each by a function of its own. */
#include "compiler.h"
#include "parser.h"
#include "program.h"

/* The return address and the saved EBP lie between the frame's base and the last argument. */
#define LAST_ARGUMENT 8

static void parse_block(struct parser *parser);

static struct definition *define(struct parser *parser, enum meaning meaning, int32_t place) {
  struct definition *definition = symbol_define(&parser->symbols, parser->scanner.name, meaning, place);
  if (!definition) source_error(&parser->scanner, "too many names");
  scan_expected(&parser->scanner, NAME);
  return definition;
}

static void parse_global(struct parser *parser) {
  struct definition *variable = define(parser, GLOBAL, (int32_t)(4 * parser->globals));
  uint32_t words = 1;
  if (scan_if(&parser->scanner, '[')) {
    variable->meaning = ARRAY;
    words = (uint32_t)parser->scanner.number;
    scan_expected(&parser->scanner, NUMBER);
    scan_expected(&parser->scanner, ']');
  }
  if (words > GLOBAL_WORDS - parser->globals) source_error(&parser->scanner, "too many words of variables");
  parser->globals += words;
  scan_expected(&parser->scanner, ';');
}

static void parse_local(struct parser *parser) {
  struct definition *local = define(parser, LOCAL, -(int32_t)(4 * ++parser->locals));
  scan_expected(&parser->scanner, '=');
  parse_expression(parser);
  emit_store(&parser->code, local);
}

static void parse_assignment_or_call(struct parser *parser) {
  const struct definition name = parse_known_name(parser);
  if (name.meaning == ARRAY) {
    scan_expected(&parser->scanner, '[');
    parse_expression(parser);
    emit_push(&parser->code);
    scan_expected(&parser->scanner, ']');
    scan_expected(&parser->scanner, '=');
    parse_expression(parser);
    emit_store_element(&parser->code, &name);
  } else if (name.meaning != FUNCTION && scan_if(&parser->scanner, '=')) {
    parse_expression(parser);
    emit_store(&parser->code, &name);
  } else {
    parse_expression_behind(parser, &name);
  }
}

static void parse_condition(struct parser *parser) {
  scan_expected(&parser->scanner, '(');
  parse_expression(parser);
  scan_expected(&parser->scanner, ')');
}

static void parse_if(struct parser *parser) {
  parse_condition(parser);
  const uint32_t otherwise = emit_jump_if_zero(&parser->code);
  parse_block(parser);
  if (!scan_if(&parser->scanner, KEYWORD_ELSE)) {
    close_jump(&parser->code, otherwise);
    return;
  }
  const uint32_t end = emit_jump(&parser->code);
  close_jump(&parser->code, otherwise);
  if (scan_if(&parser->scanner, KEYWORD_IF)) parse_if(parser);
  else parse_block(parser);
  close_jump(&parser->code, end);
}

static void parse_while(struct parser *parser) {
  const uint32_t start = parser->code.length;
  parse_condition(parser);
  const uint32_t end = emit_jump_if_zero(&parser->code);
  parse_block(parser);
  emit_jump_back(&parser->code, start);
  close_jump(&parser->code, end);
}

static void parse_statement(struct parser *parser) {
  if (scan_if(&parser->scanner, KEYWORD_IF)) {
    parse_if(parser);
    return;
  }
  if (scan_if(&parser->scanner, KEYWORD_WHILE)) {
    parse_while(parser);
    return;
  }
  if (scan_if(&parser->scanner, KEYWORD_VAR)) {
    parse_local(parser);
  } else if (scan_if(&parser->scanner, KEYWORD_RETURN)) {
    parse_expression(parser);
    emit_return(&parser->code);
  } else {
    parse_assignment_or_call(parser);
  }
  scan_expected(&parser->scanner, ';');
}

/* Names of a block end with it; their words in the frame are not used again. */
static void parse_block(struct parser *parser) {
  const uint32_t outer = parser->symbols.count;
  scan_expected(&parser->scanner, '{');
  while (!scan_if(&parser->scanner, '}')) parse_statement(parser);
  parser->symbols.count = outer;
}

/* Parameters are pushed from the left, so the first is the farthest from the frame's base. */
static uint32_t parse_parameters(struct parser *parser) {
  const uint32_t first = parser->symbols.count;
  scan_expected(&parser->scanner, '(');
  while (!scan_if(&parser->scanner, ')')) {
    if (parser->symbols.count > first) scan_expected(&parser->scanner, ',');
    define(parser, LOCAL, 0);
  }
  const uint32_t parameters = parser->symbols.count - first;
  for (uint32_t at = 0; at < parameters; at++) {
    parser->symbols.list[first + at].place = LAST_ARGUMENT + (int32_t)(4 * (parameters - 1 - at));
  }
  return parameters;
}

static void parse_function(struct parser *parser) {
  struct definition *function = define(parser, FUNCTION, (int32_t)parser->code.length);
  const uint32_t outer = parser->symbols.count;
  parser->locals = 0;
  function->parameters = parse_parameters(parser);
  const uint32_t prologue = emit_prologue(&parser->code);
  parse_block(parser);
  /* A function that ends without a return gives 0. */
  emit_constant(&parser->code, 0);
  emit_return(&parser->code);
  close_prologue(&parser->code, prologue, parser->locals);
  parser->symbols.count = outer;
}

struct object compile(const char *source, const char *end, uint8_t *code, uint32_t room) {
  static struct parser parser;
  parser.symbols.count = 0;
  parser.globals = 0;
  parser.code = (struct code){ code, 0, room };
  scanner_open(&parser.scanner, source, end);
  while (parser.scanner.symbol != END_OF_SOURCE) {
    if (scan_if(&parser.scanner, KEYWORD_FN)) {
      parse_function(&parser);
    } else {
      scan_expected(&parser.scanner, KEYWORD_VAR);
      parse_global(&parser);
    }
  }
  const struct definition *entry = symbol_find(&parser.symbols, "main");
  if (!entry || entry->meaning != FUNCTION || entry->parameters != 1) source_error(&parser.scanner, "main is missing");
  return (struct object){ parser.code.length, (uint32_t)entry->place };
}
