#include "machine.h"

#define CALL_DEPTH 32u

static uint32_t memory[MEMORY_WORDS];
static uint32_t returns[CALL_DEPTH];

uint32_t machine_run(const uint32_t *program, uint32_t argument, uint32_t *steps) {
  uint32_t registers[REGISTERS] = { 0, argument };
  uint32_t at = 0, depth = 0, done = 0;
  for (;;) {
    const uint32_t word = program[at++];
    uint32_t *const destination = &registers[word >> 8 & (REGISTERS - 1)];
    const uint32_t left = registers[word >> 12 & (REGISTERS - 1)];
    const uint32_t right = registers[word >> 16 & (REGISTERS - 1)];
    const uint32_t number = word >> 20;
    done++;
    switch (word & 0xff) {
      case CONSTANT: *destination = number; break;
      case MOVE: *destination = left; break;
      case ADD: *destination = left + right; break;
      case SUBTRACT: *destination = left - right; break;
      case XOR: *destination = left ^ right; break;
      case SHIFT_LEFT: *destination = left << (number & 31); break;
      case SHIFT_RIGHT: *destination = left >> (number & 31); break;
      case LOAD: *destination = memory[right % MEMORY_WORDS]; break;
      case STORE: memory[right % MEMORY_WORDS] = left; break;
      case JUMP: at = number; break;
      case JUMP_IF_ZERO: if (left == 0) at = number; break;
      case JUMP_IF_BELOW: if (left < right) at = number; break;
      case CALL: returns[depth++ % CALL_DEPTH] = at; at = number; break;
      case RETURN: at = returns[--depth % CALL_DEPTH]; break;
      default:
        *steps += done;
        return registers[0];
    }
  }
}
