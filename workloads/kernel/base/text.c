#include "base/text.h"

#define DECIMAL 10
#define HEXADECIMAL 16
#define DIGITS_MOST 10

size_t text_length(const char *text) {
  size_t length = 0;
  while (text[length]) length++;
  return length;
}

bool text_equal(const char *a, const char *b) {
  while (*a && *a == *b) a++, b++;
  return *a == *b;
}

bool text_starts(const char *text, const char *beginning) {
  while (*beginning) {
    if (*text++ != *beginning++) return false;
  }
  return true;
}

void text_copy(char *to, const char *from, size_t space) {
  while (space > 1 && *from) *to++ = *from++, space--;
  *to = '\0';
}

bool text_number(const char *text, uint32_t *number) {
  uint32_t value = 0;
  if (!*text) return false;
  for (; *text; text++) {
    if (*text < '0' || *text > '9' || value > (INT32_MAX - DECIMAL) / DECIMAL) return false;
    value = value * DECIMAL + (uint32_t)(*text - '0');
  }
  *number = value;
  return true;
}

static void add_character(struct text_buffer *buffer, char character) {
  if (buffer->length < buffer->space) buffer->start[buffer->length++] = character;
}

static void add_number(struct text_buffer *buffer, uint32_t value, uint32_t base, uint32_t width) {
  char digits[DIGITS_MOST];
  uint32_t count = 0;
  do {
    digits[count++] = "0123456789abcdef"[value % base];
    value /= base;
  } while (value);
  for (; width > count; width--) add_character(buffer, '0');
  while (count) add_character(buffer, digits[--count]);
}

static void add_signed(struct text_buffer *buffer, int32_t value) {
  if (value < 0) add_character(buffer, '-');
  add_number(buffer, value < 0 ? 0u - (uint32_t)value : (uint32_t)value, DECIMAL, 0);
}

static void add_text(struct text_buffer *buffer, const char *text) {
  while (*text) add_character(buffer, *text++);
}

void text_add_list(struct text_buffer *buffer, const char *format, __builtin_va_list arguments) {
  for (; *format; format++) {
    if (*format != '%') {
      add_character(buffer, *format);
      continue;
    }
    uint32_t width = 0;
    while (*++format >= '0' && *format <= '9') width = width * DECIMAL + (uint32_t)(*format - '0');
    switch (*format) {
      case 's': add_text(buffer, __builtin_va_arg(arguments, const char *)); break;
      case 'c': add_character(buffer, (char)__builtin_va_arg(arguments, int)); break;
      case 'd': add_signed(buffer, __builtin_va_arg(arguments, int32_t)); break;
      case 'u': add_number(buffer, __builtin_va_arg(arguments, uint32_t), DECIMAL, width); break;
      case 'x': add_number(buffer, __builtin_va_arg(arguments, uint32_t), HEXADECIMAL, width); break;
      default: add_character(buffer, *format); break;
    }
  }
}

void text_add(struct text_buffer *buffer, const char *format, ...) {
  __builtin_va_list arguments;
  __builtin_va_start(arguments, format);
  text_add_list(buffer, format, arguments);
  __builtin_va_end(arguments);
}
