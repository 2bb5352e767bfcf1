#include "assembler.h"

#include "program.h"

#define PLACES_MAXIMUM 16u
#define WORD_BYTES 24u
#define NOT_FOUND (~0u)

static const char *const operation_names[OPERATIONS] = {
  [HALT] = "halt", [PUSH] = "push", [DUPLICATE] = "duplicate", [SWAP] = "swap", [ADD] = "add",
  [SUBTRACT] = "subtract", [MULTIPLY] = "multiply", [REMAINDER] = "remainder", [LESS] = "less", [LOAD] = "load",
  [STORE] = "store", [JUMP] = "jump", [JUMP_IF_ZERO] = "jump-if-zero", [CALL] = "call", [RETURN] = "return",
};

struct places {
  uint32_t count, indices[PLACES_MAXIMUM];
  char names[PLACES_MAXIMUM][WORD_BYTES];
};

/* Copies the next word of the text, without the space behind it; returns where the rest begins, 0 at the end. */
static const char *next_word(const char *text, char *word) {
  uint32_t length = 0;
  while (*text == ' ') text++;
  if (!*text) return 0;
  while (*text && *text != ' ') {
    if (length + 1 == WORD_BYTES) fail("assembler: a word is too long", 0);
    word[length++] = *text++;
  }
  word[length] = '\0';
  return text;
}

/* The first pass: where each `name:` is. */
static void find_places(const char *text, struct places *places) {
  char word[WORD_BYTES];
  uint32_t index = 0;
  for (places->count = 0; (text = next_word(text, word));) {
    const uint32_t last = text_length(word) - 1;
    if (word[last] != ':') {
      index++;
      continue;
    }
    if (places->count == PLACES_MAXIMUM) fail("assembler: too many places", 0);
    word[last] = '\0';
    text_copy(places->names[places->count], word);
    places->indices[places->count++] = index;
  }
}

static uint32_t place_index(const struct places *places, const char *name) {
  for (uint32_t at = 0; at < places->count; at++) {
    if (text_compare(places->names[at], name) == 0) return places->indices[at];
  }
  fail(name, 0);
}

static uint32_t operation_of(const char *word) {
  for (uint32_t operation = 0; operation < OPERATIONS; operation++) {
    if (text_compare(operation_names[operation], word) == 0) return operation;
  }
  return text_number(word, NOT_FOUND);
}

void assemble(const char *text, struct bytecode *program) {
  struct places places;
  char word[WORD_BYTES];
  find_places(text, &places);
  for (program->length = 0; (text = next_word(text, word));) {
    if (word[text_length(word) - 1] == ':') continue;
    if (program->length + 1 == PROGRAM_WORDS) fail("assembler: the program is too long", 0);
    const uint32_t value = word[0] == '@' ? place_index(&places, word + 1) : operation_of(word);
    if (value == NOT_FOUND) fail(word, 0);
    program->words[program->length++] = (int32_t)value;
  }
}
