/* A stack machine of 32-bit words with a memory of its own, cleared for each program. */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdint.h>

enum operation {
  HALT, PUSH, DUPLICATE, SWAP, ADD, SUBTRACT, MULTIPLY, REMAINDER, LESS, LOAD, STORE, JUMP, JUMP_IF_ZERO, CALL, RETURN,
  OPERATIONS,
};

/* One word more than a program may have, so that an operand behind the last operation can be read. */
#define PROGRAM_WORDS 256u

struct bytecode {
  uint32_t length;
  int32_t words[PROGRAM_WORDS];
};

/*
 * Runs a program to its HALT and returns the top of the stack; adds the operations done to `steps`. Fails on anything
 * that is not a program: an unknown operation, a stack or a memory overrun, a division by zero.
 */
int32_t machine_run(const struct bytecode *program, uint32_t *steps);

#endif
