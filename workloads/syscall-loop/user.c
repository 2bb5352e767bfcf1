/* The program in ring 3. It shares no function and no data with the kernel; all its data are zero at the start. */
#include "calls.h"
#include "checksum.h"
#include "random.h"
#include "ring3.h"

#define STREAM 0x75736572u
#define BUFFER_BYTES 16
#define BREAK_BASE 0x08050000u
#define BREAK_STEP_MASK 0x1fffffu
/* No call has a number this large. */
#define UNKNOWN_CALL 999

static uint8_t buffer[BUFFER_BYTES];

/* Short calls are more frequent than transfers, as in most programs. */
static uint32_t one_call(uint32_t bits) {
  const uint32_t length = bits >> 8 & (BUFFER_BYTES - 1);
  switch (bits & 15) {
    case 0: return user_call(CALL_READ, (uint32_t)buffer, length);
    case 1: return user_call(CALL_WRITE, (uint32_t)buffer, length);
    case 2: return user_call(UNKNOWN_CALL, bits, length);
    case 3: return user_call(CALL_WRITE, 0, length);
    case 4: case 5: case 6: return user_call(CALL_BREAK, BREAK_BASE + (bits >> 8 & BREAK_STEP_MASK), 0);
    case 7: case 8: case 9: case 10: return user_call(CALL_TICKS, 0, 0);
    default: return user_call(CALL_GETPID, 0, 0);
  }
}

void user_main(uint32_t calls) {
  uint32_t sum = CHECKSUM_SEED;
  uint32_t random = STREAM;
  for (uint32_t i = 0; i < calls; i++) {
    sum = fold(sum, one_call(random_next(&random)));
    sum = fold(sum, buffer[i & (BUFFER_BYTES - 1)]);
  }
  user_exit(sum);
}
