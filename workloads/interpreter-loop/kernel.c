/*
 * A bytecode interpreter: its indirect jump has a target that the last one does not predict, and guest code decides where the host's goes. Two programs:
 * a random walk through a memory of words, with a function; Fibonacci numbers with a loop.
 */
#include "checksum.h"
#include "machine.h"
#include "workload.h"

/* Where the places of the first program are. */
#define WALK_AGAIN 4
#define WALK_SKIP 10
#define WALK_DONE 15
#define WALK_MIX 16

/* Register 1 is the state; 2 counts down by 6; 3 to 5 are scratch; 0 is the sum. Each step reads and changes a cell that the state names. */
static const uint32_t walk[] = {
  INSTRUCTION(CONSTANT, 2, 0, 0, 255),
  INSTRUCTION(SHIFT_LEFT, 2, 2, 0, 3),
  INSTRUCTION(CONSTANT, 6, 0, 0, 1),
  INSTRUCTION(MOVE, 0, 1, 0, 0),
  /* again: */
  INSTRUCTION(CALL, 0, 0, 0, WALK_MIX),
  INSTRUCTION(SHIFT_RIGHT, 3, 1, 0, 7),
  INSTRUCTION(LOAD, 4, 0, 3, 0),
  INSTRUCTION(JUMP_IF_BELOW, 0, 1, 4, WALK_SKIP),
  INSTRUCTION(XOR, 0, 0, 4, 0),
  INSTRUCTION(ADD, 0, 0, 3, 0),
  /* skip: */
  INSTRUCTION(ADD, 4, 4, 1, 0),
  INSTRUCTION(STORE, 0, 4, 3, 0),
  INSTRUCTION(SUBTRACT, 2, 2, 6, 0),
  INSTRUCTION(JUMP_IF_ZERO, 0, 2, 0, WALK_DONE),
  INSTRUCTION(JUMP, 0, 0, 0, WALK_AGAIN),
  /* done: */
  INSTRUCTION(STOP, 0, 0, 0, 0),
  /* mix: an xorshift of register 1. */
  INSTRUCTION(SHIFT_LEFT, 5, 1, 0, 13),
  INSTRUCTION(XOR, 1, 1, 5, 0),
  INSTRUCTION(SHIFT_RIGHT, 5, 1, 0, 17),
  INSTRUCTION(XOR, 1, 1, 5, 0),
  INSTRUCTION(SHIFT_LEFT, 5, 1, 0, 5),
  INSTRUCTION(XOR, 1, 1, 5, 0),
  INSTRUCTION(RETURN, 0, 0, 0, 0),
};

#define SERIES_AGAIN 4

/* Fibonacci numbers from 0 and the argument, xored together. */
static const uint32_t series[] = {
  INSTRUCTION(CONSTANT, 2, 0, 0, 200),
  INSTRUCTION(CONSTANT, 3, 0, 0, 0),
  INSTRUCTION(CONSTANT, 6, 0, 0, 1),
  INSTRUCTION(CONSTANT, 7, 0, 0, 0),
  /* again: */
  INSTRUCTION(ADD, 4, 1, 3, 0),
  INSTRUCTION(MOVE, 3, 1, 0, 0),
  INSTRUCTION(MOVE, 1, 4, 0, 0),
  INSTRUCTION(XOR, 0, 0, 4, 0),
  INSTRUCTION(SUBTRACT, 2, 2, 6, 0),
  INSTRUCTION(JUMP_IF_BELOW, 0, 7, 2, SERIES_AGAIN),
  INSTRUCTION(STOP, 0, 0, 0, 0),
};

uint32_t workload_run(uint32_t scale) {
  uint32_t sum = CHECKSUM_SEED, steps = 0;
  for (uint32_t round = 0; round < scale; round++) {
    /* An xorshift of 0 stays 0. */
    sum = fold(sum, machine_run(walk, sum | 1, &steps));
    sum = fold(sum, machine_run(series, sum, &steps));
  }
  return fold(sum, steps);
}
