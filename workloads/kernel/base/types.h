/* Words that every part of the kernel uses. */
#ifndef BASE_TYPES_H
#define BASE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_BYTES 4096u
#define PAGE_MASK (PAGE_BYTES - 1)
#define PAGE_SHIFT 12

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static inline uint32_t page_down(uint32_t value) {
  return value & ~PAGE_MASK;
}

/* Wraps to 0 in the last page of the address space; callers check ranges first. */
static inline uint32_t page_up(uint32_t value) {
  return (value + PAGE_MASK) & ~PAGE_MASK;
}

static inline uint32_t smaller(uint32_t a, uint32_t b) {
  return a < b ? a : b;
}

static inline uint32_t larger(uint32_t a, uint32_t b) {
  return a > b ? a : b;
}

/*
 * A pointer or a negative error number in one word, as the system calls return them: the last page holds no object.
 */
static inline bool is_error(const void *pointer) {
  return (uint32_t)pointer >= (uint32_t)-4095;
}

static inline void *error_pointer(int error) {
  return (void *)error;
}

static inline int error_of(const void *pointer) {
  return (int)pointer;
}

#endif
