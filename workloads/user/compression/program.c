/* A text of words is packed, unpacked and compared. */
#include "checksum.h"
#include "huffman.h"
#include "lempel-ziv.h"
#include "program.h"
#include "random.h"

#define TEXT_BYTES 65536u
#define STREAM 0x74657874u
#define WORDS 512u
#define WORD_BYTES 12u

static uint8_t text[TEXT_BYTES], unpacked[TEXT_BYTES], packed[2 * TEXT_BYTES];
static struct token tokens[TEXT_BYTES];
static uint32_t random_state;

/* Words of a vocabulary, the first far more often than the last, as in natural language. */
static void write_text(void) {
  static char vocabulary[WORDS][WORD_BYTES];
  for (uint32_t word = 0; word < WORDS; word++) {
    const uint32_t length = 2 + random_next(&random_state) % (WORD_BYTES - 3);
    for (uint32_t letter = 0; letter < length; letter++) {
      vocabulary[word][letter] = (char)('a' + (random_next(&random_state) & random_next(&random_state)) % 26);
    }
    vocabulary[word][length] = '\0';
  }
  for (uint32_t at = 0; at < TEXT_BYTES;) {
    const uint32_t bits = random_next(&random_state);
    const char *word = vocabulary[(bits & 0x1ff) * (bits >> 9 & 0x1ff) / WORDS];
    for (; *word && at < TEXT_BYTES; at++) text[at] = (uint8_t)*word++;
    if (at < TEXT_BYTES) text[at++] = bits >> 28 ? ' ' : '\n';
  }
}

uint32_t workload_run(uint32_t scale) {
  uint32_t sum = CHECKSUM_SEED;
  random_state = STREAM;
  for (uint32_t round = 0; round < scale; round++) {
    write_text();
    const uint32_t count = find_repetitions(text, TEXT_BYTES, tokens);
    const uint32_t bytes = encode(tokens, count, packed, sizeof packed);
    for (uint32_t at = 0; at < bytes; at++) sum = fold(sum, packed[at]);
    const uint32_t again = decode(packed, bytes, tokens, TEXT_BYTES);
    if (again != count || expand(tokens, count, unpacked, TEXT_BYTES) != TEXT_BYTES) fail("the lengths differ", 0);
    if (memcmp(text, unpacked, TEXT_BYTES) != 0) fail("the texts differ", 0);
    sum = fold(sum, bytes);
  }
  return sum;
}
