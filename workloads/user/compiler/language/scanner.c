#include "scanner.h"

#include "program.h"

#define REASON_BYTES 96
#define COMMENT '#'

static const struct { const char *text; uint32_t symbol; } keywords[] = {
  { "var", KEYWORD_VAR }, { "fn", KEYWORD_FN }, { "if", KEYWORD_IF }, { "else", KEYWORD_ELSE },
  { "while", KEYWORD_WHILE }, { "return", KEYWORD_RETURN },
};

static const struct { char first, second; uint32_t symbol; } pairs[] = {
  { '=', '=', EQUAL }, { '!', '=', UNEQUAL }, { '<', '=', AT_MOST }, { '>', '=', AT_LEAST },
  { '<', '<', SHIFT_LEFT }, { '>', '>', SHIFT_RIGHT },
};

void source_error(const struct scanner *scanner, const char *reason) {
  char text[REASON_BYTES];
  char *end = text_append_decimal(text_copy(text, "source line "), scanner->line);
  text_copy(text_copy(end, ": "), reason);
  fail(text, 0);
}

static int is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static int is_digit(char c) {
  return c >= '0' && c <= '9';
}

static void skip_blanks(struct scanner *scanner) {
  for (; scanner->at < scanner->end; scanner->at++) {
    if (*scanner->at == COMMENT) {
      while (scanner->at < scanner->end && *scanner->at != '\n') scanner->at++;
    }
    if (scanner->at == scanner->end) return;
    if (*scanner->at == '\n') scanner->line++;
    else if (*scanner->at != ' ') return;
  }
}

static void scan_number(struct scanner *scanner) {
  uint32_t number = 0;
  for (; scanner->at < scanner->end && is_digit(*scanner->at); scanner->at++) {
    number = number * 10 + (uint32_t)(*scanner->at - '0');
  }
  scanner->number = (int32_t)number;
  scanner->symbol = NUMBER;
}

static void scan_word(struct scanner *scanner) {
  uint32_t length = 0;
  for (; scanner->at < scanner->end && (is_letter(*scanner->at) || is_digit(*scanner->at)); scanner->at++) {
    if (length + 1 == NAME_BYTES) source_error(scanner, "a name is too long");
    scanner->name[length++] = *scanner->at;
  }
  scanner->name[length] = '\0';
  scanner->symbol = NAME;
  for (uint32_t at = 0; at < sizeof keywords / sizeof keywords[0]; at++) {
    if (text_compare(keywords[at].text, scanner->name) == 0) scanner->symbol = keywords[at].symbol;
  }
}

static void scan_sign(struct scanner *scanner) {
  const char first = *scanner->at++;
  scanner->symbol = (uint8_t)first;
  if (scanner->at == scanner->end) return;
  for (uint32_t at = 0; at < sizeof pairs / sizeof pairs[0]; at++) {
    if (pairs[at].first == first && pairs[at].second == *scanner->at) {
      scanner->symbol = pairs[at].symbol;
      scanner->at++;
      return;
    }
  }
}

void scan(struct scanner *scanner) {
  skip_blanks(scanner);
  if (scanner->at == scanner->end) scanner->symbol = END_OF_SOURCE;
  else if (is_digit(*scanner->at)) scan_number(scanner);
  else if (is_letter(*scanner->at)) scan_word(scanner);
  else scan_sign(scanner);
}

int scan_if(struct scanner *scanner, uint32_t symbol) {
  if (scanner->symbol != symbol) return 0;
  scan(scanner);
  return 1;
}

void scan_expected(struct scanner *scanner, uint32_t symbol) {
  if (!scan_if(scanner, symbol)) source_error(scanner, "another symbol is expected here");
}

void scanner_open(struct scanner *scanner, const char *source, const char *end) {
  scanner->at = source;
  scanner->end = end;
  scanner->line = 1;
  scan(scanner);
}
