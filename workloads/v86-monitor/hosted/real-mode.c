/* What the program does, as plain C: no mode, no monitor. One statement for each of its steps (guest/program.S). */
#include "real-mode.h"

#include "random.h"

#define ARRAY_WORDS (0x8000 / 2)
#define FLAG_CARRY 0x0001u
#define FLAG_INTERRUPT 0x0200u

static uint16_t array[ARRAY_WORDS];

struct real_mode_result real_mode_run(uint32_t rounds, uint32_t stream) {
  struct real_mode_result result = { .stream = stream };
  uint16_t gathered = 0;
  for (uint32_t round = 0; round < rounds; round++) {
    const uint32_t bits = random_next(&result.stream);
    /* Interrupts are off behind CLI, on behind STI, off in a service. */
    gathered ^= FLAG_INTERRUPT;
    gathered = (uint16_t)(gathered + (bits & FLAG_CARRY));
    const uint32_t served = result.serviced + bits;
    result.serviced = served << 7 | served >> 25;
    const uint32_t low = bits & 0xff, turned = (low << 1 | low >> 7) & 0xff;
    gathered = (uint16_t)(gathered + ((bits & 0xff00) | turned));
    uint16_t *const word = &array[(bits & ARRAY_MASK) / 2];
    *word = (uint16_t)(*word + gathered);
    gathered ^= *word;
  }
  result.gathered = gathered;
  result.emulated[EMULATED_CLI] = result.emulated[EMULATED_STI] = rounds;
  result.emulated[EMULATED_PUSHF] = 3 * rounds;
  result.emulated[EMULATED_POPF] = result.emulated[EMULATED_INT] = result.emulated[EMULATED_IRET] = rounds;
  result.emulated[EMULATED_IN] = result.emulated[EMULATED_OUT] = rounds;
  result.emulated[EMULATED_HLT] = 1;
  return result;
}
