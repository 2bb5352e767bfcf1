#include "base/text.h"

/* String instructions: the shortest form, and one instruction on every core. */
void *memcpy(void *restrict to, const void *restrict from, size_t bytes) {
  void *destination = to;
  size_t words = bytes / 4;
  __asm__ volatile("rep movsl" : "+D"(destination), "+S"(from), "+c"(words) : : "memory");
  words = bytes % 4;
  __asm__ volatile("rep movsb" : "+D"(destination), "+S"(from), "+c"(words) : : "memory");
  return to;
}

void *memmove(void *to, const void *from, size_t bytes) {
  uint8_t *destination = to;
  const uint8_t *source = from;
  if (destination <= source || destination >= source + bytes) return memcpy(to, from, bytes);
  while (bytes-- > 0) destination[bytes] = source[bytes];
  return to;
}

void *memset(void *to, int byte, size_t bytes) {
  void *destination = to;
  const uint32_t pattern = (uint8_t)byte * 0x01010101u;
  size_t words = bytes / 4;
  __asm__ volatile("rep stosl" : "+D"(destination), "+c"(words) : "a"(pattern) : "memory");
  words = bytes % 4;
  __asm__ volatile("rep stosb" : "+D"(destination), "+c"(words) : "a"(pattern) : "memory");
  return to;
}

int memcmp(const void *a, const void *b, size_t bytes) {
  const uint8_t *left = a, *right = b;
  for (size_t at = 0; at < bytes; at++) {
    if (left[at] != right[at]) return left[at] - right[at];
  }
  return 0;
}
