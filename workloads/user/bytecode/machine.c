#include "machine.h"

#include "program.h"

#define STACK_CELLS 256u
#define MEMORY_CELLS 4096u

static int32_t stack[STACK_CELLS], memory[MEMORY_CELLS];
static uint32_t return_stack[STACK_CELLS];

/* How many operands each operation finds on the stack. */
static const uint8_t operands[] = {
  [HALT] = 1, [PUSH] = 0, [DUPLICATE] = 1, [SWAP] = 2, [ADD] = 2, [SUBTRACT] = 2, [MULTIPLY] = 2, [REMAINDER] = 2,
  [LESS] = 2, [LOAD] = 1, [STORE] = 2, [JUMP] = 0, [JUMP_IF_ZERO] = 1, [CALL] = 0, [RETURN] = 0,
};

static int32_t *cell(int32_t address) {
  if ((uint32_t)address >= MEMORY_CELLS) fail("bytecode: no such cell", 0);
  return &memory[address];
}

static int32_t calculate(int32_t operation, int32_t left, int32_t right) {
  switch (operation) {
    case ADD: return (int32_t)((uint32_t)left + (uint32_t)right);
    case SUBTRACT: return (int32_t)((uint32_t)left - (uint32_t)right);
    case MULTIPLY: return (int32_t)((uint32_t)left * (uint32_t)right);
    case LESS: return left < right;
    default:
      if (right == 0) fail("bytecode: division by zero", 0);
      return left % right;
  }
}

int32_t machine_run(const struct bytecode *program, uint32_t *steps) {
  const int32_t *const words = program->words;
  uint32_t at = 0, depth = 0, calls = 0;
  memset(memory, 0, sizeof memory);
  for (;; (*steps)++) {
    if (at >= program->length) fail("bytecode: beyond the program", 0);
    const int32_t operation = words[at++];
    if ((uint32_t)operation >= OPERATIONS || depth < operands[operation]) fail("bytecode: no such operation", 0);
    if (depth + 1 >= STACK_CELLS || calls + 1 >= STACK_CELLS) fail("bytecode: the stack is full", 0);
    int32_t *const top = &stack[depth - 1];
    switch (operation) {
      case HALT: return *top;
      case PUSH: stack[depth++] = words[at++]; break;
      case DUPLICATE: stack[depth++] = *top; break;
      case SWAP: { const int32_t kept = top[0]; top[0] = top[-1]; top[-1] = kept; break; }
      case LOAD: *top = *cell(*top); break;
      case STORE: *cell(top[0]) = top[-1]; depth -= 2; break;
      case JUMP: at = (uint32_t)words[at]; break;
      case JUMP_IF_ZERO: at = *top == 0 ? (uint32_t)words[at] : at + 1; depth--; break;
      case CALL: return_stack[calls++] = at + 1; at = (uint32_t)words[at]; break;
      case RETURN:
        if (calls == 0) fail("bytecode: return without call", 0);
        at = return_stack[--calls];
        break;
      default: top[-1] = calculate(operation, top[-1], top[0]); depth--;
    }
  }
}
