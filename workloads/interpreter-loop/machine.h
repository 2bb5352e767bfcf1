/*
 * A register machine: eight registers, a word memory, instructions of one 32-bit word. Other than the stack machine of user/bytecode it does little
 * for each instruction, so that fetching, decoding and dispatching are most of the work.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdint.h>

enum operation {
  STOP, CONSTANT, MOVE, ADD, SUBTRACT, XOR, SHIFT_LEFT, SHIFT_RIGHT, LOAD, STORE, JUMP, JUMP_IF_ZERO, JUMP_IF_BELOW, CALL, RETURN, OPERATIONS,
};

#define REGISTERS 8u
#define MEMORY_WORDS 1024u

/*
 * Operation, destination register, two source registers, and an 8-bit number. CONSTANT and jumps take their number from it; STORE writes `left` to the
 * cell that `right` names.
 */
#define INSTRUCTION(operation, destination, left, right, number) \
  ((uint32_t)(operation) | (uint32_t)(destination) << 8 | (uint32_t)(left) << 12 | (uint32_t)(right) << 16 | (uint32_t)(number) << 20)

/* Runs `program` from its first word to STOP and returns register 0; adds the instructions done to `steps`. Register 1 starts as `argument`. */
uint32_t machine_run(const uint32_t *program, uint32_t argument, uint32_t *steps);

#endif
