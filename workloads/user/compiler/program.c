/* The compiler works on a source that is part of the image; its code goes into pages of its own and is called there. */
#include "checksum.h"
#include "compiler.h"
#include "program.h"

#define CODE_BYTES (64u * 1024)

/* What the sample gives for 0 to 3, worked out once by gcc from the same source with its declarations in C's words. */
static const uint32_t known_results[] = { 0x017c9105, 0xed696bba, 0x4eb10a0b, 0x433d6bef };
#define KNOWN_RESULTS (sizeof known_results / sizeof known_results[0])

static uint8_t *code;
static int32_t globals[GLOBAL_WORDS];

void workload_prepare(void) {
  code = pages_map(CODE_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC);
}

uint32_t workload_run(uint32_t scale) {
  uint32_t sum = CHECKSUM_SEED;
  for (uint32_t round = 0; round < scale; round++) {
    const struct object object = compile(sample_source, sample_source_end, code, CODE_BYTES);
    for (uint32_t at = 0; at < object.bytes; at++) sum = fold(sum, code[at]);
    memset(globals, 0, sizeof globals);
    const uint32_t result = (uint32_t)call_object(code + object.entry, globals, (int32_t)round);
    if (round < KNOWN_RESULTS && result != known_results[round]) fail("the compiled program is wrong", 0);
    sum = fold(sum, result);
  }
  return sum;
}
