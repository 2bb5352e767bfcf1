/* Bytes and texts. The compiler may call the first four by itself. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/types.h"

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
void *memset(void *to, int byte, size_t bytes);
int memcmp(const void *a, const void *b, size_t bytes);

size_t text_length(const char *text);
bool text_equal(const char *a, const char *b);
bool text_starts(const char *text, const char *beginning);

/* Copies at most `space` - 1 characters and always ends the copy with a zero. */
void text_copy(char *to, const char *from, size_t space);

/* A decimal number without sign that is all of `text`; false if it is none or above INT32_MAX. */
bool text_number(const char *text, uint32_t *number);

/* A text that grows in a fixed space; what does not fit is dropped. */
struct text_buffer {
  char *start;
  uint32_t length, space;
};

/* Verbs: %s text, %c character, %d signed, %u unsigned, %x hexadecimal, %0Nx with N digits, %%. */
void text_add(struct text_buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_add_list(struct text_buffer *buffer, const char *format, __builtin_va_list arguments);

/* Prints on the console. */
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A bug of the kernel's: says so and powers off with PANIC_STATUS. */
#define PANIC_STATUS 0x1ff
void panic(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

#endif
