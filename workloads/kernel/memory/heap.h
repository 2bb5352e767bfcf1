/* Small objects of the kernel: powers of two up to a page. Nothing larger exists in one piece. */
#ifndef MEMORY_HEAP_H
#define MEMORY_HEAP_H

#include "base/types.h"

/* Zeroed; null when memory is exhausted. */
void *heap_take(uint32_t bytes);
/* The same for what the call under way gives back before it ends: it gets the last pages, so that one can still remove a file when memory is full. */
void *heap_take_brief(uint32_t bytes);
/* Null is allowed. */
void heap_free(void *object);
/* A copy of a text; null when memory is exhausted. */
char *heap_text(const char *text);

#endif
