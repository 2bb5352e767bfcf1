#include "ring3.h"

uint32_t exit_value;

uint32_t ring3_run(void (*program)(uint32_t), uint32_t argument) {
  program(argument);
  return exit_value;
}

/* The program's only bad address is 0. */
int user_range_valid(uint32_t address, uint32_t bytes) {
  (void)bytes;
  return address != 0;
}
