/*
 * System calls: a program in ring 3 makes `scale` of them; each is INT, a dispatch, a few instructions of work, IRET.
 */
#include "calls.h"
#include "checksum.h"
#include "random.h"
#include "ring3.h"
#include "workload.h"

#define PROCESS_ID 42
#define BREAK_START 0x08050000u
#define BREAK_LIMIT 0x00100000u
#define TRANSFER_BYTES_MAXIMUM 64
#define STREAM 0x72656164u

static uint32_t ticks, program_break, kernel_sum, stream;

static uint32_t call_break(uint32_t address) {
  if (address - BREAK_START < BREAK_LIMIT) program_break = address;
  return program_break;
}

/* Fills the user's buffer from the kernel's stream. */
static uint32_t call_read(uint32_t address, uint32_t bytes) {
  if (bytes > TRANSFER_BYTES_MAXIMUM) return INVALID_ARGUMENT;
  if (!user_range_valid(address, bytes)) return BAD_ADDRESS;
  uint8_t *buffer = (uint8_t *)address;
  for (uint32_t i = 0; i < bytes; i++) buffer[i] = (uint8_t)random_next(&stream);
  return bytes;
}

/* Folds the user's buffer into the kernel's checksum. */
static uint32_t call_write(uint32_t address, uint32_t bytes) {
  if (bytes > TRANSFER_BYTES_MAXIMUM) return INVALID_ARGUMENT;
  if (!user_range_valid(address, bytes)) return BAD_ADDRESS;
  const uint8_t *buffer = (const uint8_t *)address;
  for (uint32_t i = 0; i < bytes; i++) kernel_sum = fold(kernel_sum, buffer[i]);
  return bytes;
}

uint32_t system_call(uint32_t number, uint32_t first, uint32_t second) {
  ticks++;
  switch (number) {
    case CALL_GETPID: return PROCESS_ID;
    case CALL_TICKS: return ticks;
    case CALL_BREAK: return call_break(first);
    case CALL_READ: return call_read(first, second);
    case CALL_WRITE: return call_write(first, second);
    default: return NO_SUCH_CALL;
  }
}

uint32_t workload_run(uint32_t scale) {
  ticks = 0;
  program_break = BREAK_START;
  kernel_sum = CHECKSUM_SEED;
  stream = STREAM;
  const uint32_t user_sum = ring3_run(user_main, scale);
  return fold(user_sum, kernel_sum);
}
