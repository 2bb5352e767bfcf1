/* Bytes and texts. The first four are what the compiler may call by itself. */
#ifndef TEXT_H
#define TEXT_H

#include <stddef.h>
#include <stdint.h>

void *memcpy(void *to, const void *from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
void *memset(void *to, int value, size_t bytes);
int memcmp(const void *a, const void *b, size_t bytes);

uint32_t text_length(const char *text);

/* Negative, zero or positive like the first difference. */
int text_compare(const char *a, const char *b);

/* Copies `from` with its terminating zero; returns the address of that zero in `to`. */
char *text_copy(char *to, const char *from);

/* The decimal number that fills the text, or `otherwise` if it is none or above 2^31 - 1. */
uint32_t text_number(const char *text, uint32_t otherwise);

/* Appends digits and a terminating zero; returns the address of that zero. */
char *text_append_hex(char *to, uint32_t value);
char *text_append_decimal(char *to, uint32_t value);

#endif
