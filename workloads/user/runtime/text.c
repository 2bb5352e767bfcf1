#include "text.h"

#define HEX_DIGITS 8
#define DECIMAL_DIGITS 10
#define NUMBER_MAXIMUM 0x7fffffffu

void *memcpy(void *to, const void *from, size_t bytes) {
  void *target = to;
  uint32_t words = bytes / 4;
  __asm__ volatile("rep movsl" : "+D"(target), "+S"(from), "+c"(words) : : "memory");
  uint32_t rest = bytes % 4;
  __asm__ volatile("rep movsb" : "+D"(target), "+S"(from), "+c"(rest) : : "memory");
  return to;
}

void *memmove(void *to, const void *from, size_t bytes) {
  if ((uintptr_t)to - (uintptr_t)from >= bytes) return memcpy(to, from, bytes);
  uint8_t *target = to;
  const uint8_t *source = from;
  while (bytes-- > 0) target[bytes] = source[bytes];
  return to;
}

void *memset(void *to, int value, size_t bytes) {
  void *target = to;
  uint32_t words = bytes / 4;
  const uint32_t pattern = (uint8_t)value * 0x01010101u;
  __asm__ volatile("rep stosl" : "+D"(target), "+c"(words) : "a"(pattern) : "memory");
  uint32_t rest = bytes % 4;
  __asm__ volatile("rep stosb" : "+D"(target), "+c"(rest) : "a"(pattern) : "memory");
  return to;
}

int memcmp(const void *a, const void *b, size_t bytes) {
  const uint8_t *left = a, *right = b;
  for (size_t at = 0; at < bytes; at++) {
    if (left[at] != right[at]) return left[at] - right[at];
  }
  return 0;
}

uint32_t text_length(const char *text) {
  uint32_t length = 0;
  while (text[length]) length++;
  return length;
}

int text_compare(const char *a, const char *b) {
  while (*a && *a == *b) {
    a++;
    b++;
  }
  return (uint8_t)*a - (uint8_t)*b;
}

char *text_copy(char *to, const char *from) {
  while ((*to = *from++)) to++;
  return to;
}

uint32_t text_number(const char *text, uint32_t otherwise) {
  uint32_t number = 0;
  if (!*text) return otherwise;
  for (; *text; text++) {
    const uint32_t digit = (uint32_t)(*text - '0');
    if (digit > 9 || number > (NUMBER_MAXIMUM - digit) / 10) return otherwise;
    number = number * 10 + digit;
  }
  return number;
}

char *text_append_hex(char *to, uint32_t value) {
  for (uint32_t digits = HEX_DIGITS; digits-- > 0;) *to++ = "0123456789abcdef"[value >> 4 * digits & 0xf];
  *to = '\0';
  return to;
}

char *text_append_decimal(char *to, uint32_t value) {
  char digits[DECIMAL_DIGITS];
  uint32_t count = 0;
  do {
    digits[count++] = (char)('0' + value % 10);
    value /= 10;
  } while (value > 0);
  while (count > 0) *to++ = digits[--count];
  *to = '\0';
  return to;
}
