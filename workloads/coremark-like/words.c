#include "checksum.h"
#include "parts.h"
#include "random.h"

#define TEXT_BYTES 2048
#define WORD_BYTES_MAXIMUM 12

enum state {
  START, SIGN, ZERO, DECIMAL, HEXADECIMAL, POINT, FRACTION, EXPONENT, EXPONENT_SIGN, SCIENTIFIC, NAME, INVALID, STATES
};

static char text[TEXT_BYTES];

/* Words of random length from an alphabet in which digits are frequent, each ended by a comma. */
static void text_fill(uint32_t seed) {
  static const char alphabet[] = "0123456789012345.+-exa01x23_45.9";
  uint32_t random = seed | 1;
  uint32_t left = 0;
  for (uint32_t i = 0; i < TEXT_BYTES; i++) {
    const uint32_t bits = random_next(&random);
    if (left == 0) {
      left = bits >> 8 & 0x7;
      left = left > 0 ? left : WORD_BYTES_MAXIMUM;
      text[i] = ',';
    } else {
      left--;
      text[i] = alphabet[bits & (sizeof alphabet - 2)];
    }
  }
  text[TEXT_BYTES - 1] = ',';
}

static int is_digit(char c) {
  return c >= '0' && c <= '9';
}

static int is_hexadecimal(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f');
}

static int is_letter(char c) {
  return (c >= 'a' && c <= 'z') || c == '_';
}

static enum state first_character(char c) {
  if (c == '+' || c == '-') return SIGN;
  if (c == '0') return ZERO;
  if (is_digit(c)) return DECIMAL;
  if (c == '.') return POINT;
  return is_letter(c) ? NAME : INVALID;
}

/* The states of a number with a point or an exponent. */
static enum state step_fraction(enum state state, char c) {
  switch (state) {
    case POINT: return is_digit(c) ? FRACTION : INVALID;
    case FRACTION: return is_digit(c) ? FRACTION : c == 'e' ? EXPONENT : INVALID;
    case EXPONENT: return is_digit(c) ? SCIENTIFIC : c == '+' || c == '-' ? EXPONENT_SIGN : INVALID;
    case EXPONENT_SIGN: return is_digit(c) ? SCIENTIFIC : INVALID;
    case SCIENTIFIC: return is_digit(c) ? SCIENTIFIC : INVALID;
    default: return INVALID;
  }
}

static enum state step(enum state state, char c) {
  switch (state) {
    case START: return first_character(c);
    case SIGN: return is_digit(c) ? DECIMAL : c == '.' ? POINT : INVALID;
    case ZERO: if (c == 'x') return HEXADECIMAL; /* else as in a decimal */ /* fall through */
    case DECIMAL: return is_digit(c) ? DECIMAL : c == '.' ? FRACTION : c == 'e' ? EXPONENT : INVALID;
    case HEXADECIMAL: return is_hexadecimal(c) ? HEXADECIMAL : INVALID;
    case NAME: return is_letter(c) || is_digit(c) ? NAME : INVALID;
    default: return step_fraction(state, c);
  }
}

uint32_t words_part(uint32_t seed) {
  uint32_t ended[STATES] = { 0 }, visited[STATES] = { 0 };
  text_fill(seed);
  enum state state = START;
  for (uint32_t i = 0; i < TEXT_BYTES; i++) {
    if (text[i] == ',') {
      ended[state]++;
      state = START;
    } else {
      state = step(state, text[i]);
      visited[state]++;
    }
  }
  uint32_t sum = CHECKSUM_SEED;
  for (uint32_t i = 0; i < STATES; i++) sum = fold(fold(sum, ended[i]), visited[i]);
  return sum;
}
