/*
 * A function in a writable page. Each pass writes another operand and one of four opcodes into it and calls it; each
 * eighth pass lets the function rewrite an instruction that lies ahead of it, in the block that runs (Intel SDM vol. 3,
 * 8.1.3: a jump lies between).
 */
#include "checksum.h"
#include "program.h"
#include "random.h"
#include "template.h"

#define STREAM 0x736d636fu
#define SELF_REWRITES_EVERY 8u

/* Opcodes of `op eax, imm32` (Intel SDM vol. 2). */
static const uint8_t operations[] = { 0x05 /* ADD */, 0x35 /* XOR */, 0x2d /* SUB */, 0x0d /* OR */ };
#define OPERATIONS (sizeof operations)

static uint8_t *code;

void workload_prepare(void) {
  code = pages_map(PAGE_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC);
  memcpy(code, rewritten_template, (uint32_t)(rewritten_template_end - rewritten_template));
}

/* What the template's label is in the copy. */
static uint8_t *copy_of(const char *label) {
  return code + (label - rewritten_template);
}

static uint32_t run(uint32_t value, uint32_t next_operand) {
  __asm__ volatile("call *%2" : "+a"(value), "+d"(next_operand) : "r"(code) : "ecx", "memory", "cc");
  return value;
}

uint32_t workload_run(uint32_t scale) {
  uint32_t sum = CHECKSUM_SEED, random = STREAM;
  for (uint32_t pass = 0; pass < scale; pass++) {
    const uint32_t bits = random_next(&random);
    *copy_of(rewritten_opcode) = operations[bits % OPERATIONS];
    memcpy(copy_of(rewritten_operand), &bits, sizeof bits);
    const uint32_t own = pass % SELF_REWRITES_EVERY == 0 ? ~bits : 0;
    sum = fold(sum, run(sum, own));
  }
  return sum;
}
