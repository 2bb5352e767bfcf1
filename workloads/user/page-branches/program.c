/*
 * Code generated into 64 pages: each stop changes EAX and jumps to a stop in another page; a tour visits every stop once.
 * Tours alternate: on every second one each stop takes a way around through a third page, so that what follows changes.
 */
#include "checksum.h"
#include "program.h"
#include "random.h"

#define PAGES 64u
#define STOPS_PER_PAGE 4u
#define STOPS (PAGES * STOPS_PER_PAGE)
#define STOP_SPACING (PAGE_BYTES / STOPS_PER_PAGE)
#define STREAM 0x6a756d70u

static uint8_t *code;
static uint32_t order[STOPS];

static uint8_t *address_of(uint32_t stop) {
  return code + stop * STOP_SPACING;
}

static uint8_t *write_byte(uint8_t *at, uint8_t byte) {
  *at = byte;
  return at + 1;
}

static uint8_t *write_word(uint8_t *at, uint32_t word) {
  memcpy(at, &word, sizeof word);
  return at + sizeof word;
}

static uint8_t *write_jump(uint8_t *at, uint32_t stop) {
  at = write_byte(at, 0xe9); /* jmp rel32 */
  return write_word(at, (uint32_t)(address_of(stop) - (at + 4)));
}

/*
 * add eax, imm32; test dl, 1; jnz stub; back: jmp next. The stub is in a page half the area away:
 * xor eax, imm32; jmp back.
 */
static void write_stop(uint32_t place, uint32_t constant) {
  const uint32_t stop = order[place], stub_page = (stop / STOPS_PER_PAGE + PAGES / 2) % PAGES;
  uint8_t *const stub = code + stub_page * PAGE_BYTES + stop % STOPS_PER_PAGE * STOP_SPACING + STOP_SPACING / 2;
  uint8_t *at = write_word(write_byte(address_of(stop), 0x05), constant);
  at = write_byte(write_byte(write_byte(at, 0xf6), 0xc2), 0x01);
  at = write_byte(write_byte(at, 0x0f), 0x85); /* jnz stub */
  at = write_word(at, (uint32_t)(stub - (at + 4)));
  if (place + 1 < STOPS) write_jump(at, order[place + 1]);
  else write_byte(at, 0xc3); /* ret */
  uint8_t *away = write_word(write_byte(stub, 0x35), ~constant); /* xor eax, imm32 */
  away = write_byte(away, 0xe9);
  write_word(away, (uint32_t)(at - (away + 4)));
}

/* A stop is never followed by one of its own page: page p, then p + 1, and the order of stops within is shuffled. */
void workload_prepare(void) {
  uint32_t random = STREAM;
  code = pages_map(PAGES * PAGE_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC);
  for (uint32_t place = 0; place < STOPS; place++) {
    const uint32_t page = place % PAGES * 37 % PAGES, round = (place / PAGES + page) % STOPS_PER_PAGE;
    order[place] = page * STOPS_PER_PAGE + round;
  }
  for (uint32_t place = 0; place < STOPS; place++) write_stop(place, random_next(&random));
}

static uint32_t tour(uint32_t value, uint32_t way) {
  __asm__ volatile("call *%1" : "+a"(value) : "r"(address_of(order[0])), "d"(way) : "memory", "cc");
  return value;
}

uint32_t workload_run(uint32_t scale) {
  uint32_t sum = CHECKSUM_SEED;
  for (uint32_t at = 0; at < scale; at++) sum = fold(sum, tour(sum, at & 1));
  return sum;
}
