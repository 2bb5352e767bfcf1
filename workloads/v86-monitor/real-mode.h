/* What the real-mode program leaves behind. */
#ifndef REAL_MODE_H
#define REAL_MODE_H

#include <stdint.h>

#include "program-layout.h"

/* What the monitor emulates: the instructions that fault in virtual-8086 mode with IOPL 0 (Intel SDM vol. 3, 20.2.8). */
enum emulated {
  EMULATED_CLI, EMULATED_STI, EMULATED_PUSHF, EMULATED_POPF, EMULATED_INT, EMULATED_IRET, EMULATED_IN, EMULATED_OUT,
  EMULATED_HLT, EMULATED_KINDS,
};

struct real_mode_result {
  /* ESI, EDI and EBP at the end. */
  uint32_t stream, gathered, serviced;
  uint32_t emulated[EMULATED_KINDS];
};

/* Runs the program for `rounds`, at least 1, with this beginning of its random numbers. */
struct real_mode_result real_mode_run(uint32_t rounds, uint32_t stream);

#endif
