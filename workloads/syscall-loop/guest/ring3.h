/* Into ring 3 and back on the processor. */
#ifndef RING3_H
#define RING3_H

#include <stdint.h>

#include "calls.h"

/* Runs `program(argument)` in ring 3 until it exits; returns what it exited with. */
uint32_t ring3_run(void (*program)(uint32_t), uint32_t argument);

/* True if a transfer touches the user program's own data only. */
int user_range_valid(uint32_t address, uint32_t bytes);

static inline uint32_t user_call(uint32_t number, uint32_t first, uint32_t second) {
  uint32_t result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(first), "c"(second) : "memory");
  return result;
}

static inline __attribute__((noreturn)) void user_exit(uint32_t value) {
  user_call(CALL_EXIT, value, 0);
  __builtin_unreachable();
}

#endif
