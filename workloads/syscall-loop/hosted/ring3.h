/* The same without rings: a system call is a function call, exit a variable. */
#ifndef RING3_H
#define RING3_H

#include <stdint.h>

#include "calls.h"

extern uint32_t exit_value;

uint32_t ring3_run(void (*program)(uint32_t), uint32_t argument);
int user_range_valid(uint32_t address, uint32_t bytes);

static inline uint32_t user_call(uint32_t number, uint32_t first, uint32_t second) {
  return system_call(number, first, second);
}

static inline void user_exit(uint32_t value) {
  exit_value = value;
}

#endif
