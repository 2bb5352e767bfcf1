/* Console, host stream and disk: descriptors of the host's. */
#include "devices.h"

#include "arch/ported/events.h"
#include "base/errors.h"
#include "base/text.h"
#include "host.h"
#include "interrupt-words.h"

#define GET_FLAGS 3
#define SET_FLAGS 4
#define SET_OWNER 8
#define FLAG_ASYNC 0x2000u
#define POLL_IN 1u
#define INPUT_BYTES 256u
#define SEEK_END 2u

static int32_t disk_file = -1, input_flags = -1;
static uint32_t disk_sector_count;
static uint8_t input[INPUT_BYTES];
static uint32_t input_at, input_end;
static bool listening, input_ended;

uint64_t file_bytes(int32_t file) {
  uint64_t bytes = 0;
  HOST(HOST_LLSEEK, file, 0, 0, &bytes, SEEK_END);
  return bytes;
}

void disk_install(void) {
  if (!host_options.disk) return;
  disk_file = HOST(HOST_OPEN, host_options.disk, OPEN_READ_WRITE_LARGE);
  if (disk_file < 0) refuse("%s: error %d", host_options.disk, -disk_file);
  disk_sector_count = (uint32_t)(file_bytes(disk_file) / SECTOR_BYTES);
}

void arch_console_start(void) {}

/* False without input, or at its end. */
static bool input_fetch(void) {
  struct { int32_t file; uint16_t wanted, found; } poll = { STDIN, POLL_IN, 0 };
  if (input_ended || HOST(HOST_POLL, &poll, 1, 0) != 1) return false;
  const int32_t count = HOST(HOST_READ, STDIN, input, sizeof input);
  input_ended = count <= 0;
  input_at = 0;
  input_end = count > 0 ? (uint32_t)count : 0;
  return count > 0;
}

/* What there is no room for is kept, and then nothing is read until the kernel listens again. */
void console_event(void) {
  if (!listening) return;
  while (input_at < input_end || input_fetch()) {
    if (!kernel_console_has_room()) {
      listening = false;
      return;
    }
    kernel_console_byte(input[input_at++]);
  }
}

static void input_announce(void) {
  input_flags = HOST(HOST_FCNTL64, STDIN, GET_FLAGS, 0);
  HOST(HOST_FCNTL64, STDIN, SET_OWNER, HOST(HOST_GETPID));
  HOST(HOST_FCNTL64, STDIN, SET_FLAGS, input_flags | (int32_t)FLAG_ASYNC);
}

/* What is there already is taken as if it came now. */
void arch_console_listen(void) {
  if (input_flags < 0) input_announce();
  listening = true;
  __atomic_fetch_or(&EVENTS_PENDING, EVENT_CONSOLE, __ATOMIC_SEQ_CST);
  if (INTERRUPT_FLAG) arch_interrupts_enable();
}

/* Others have the terminal, too. */
void console_restore(void) {
  if (input_flags >= 0) HOST(HOST_FCNTL64, STDIN, SET_FLAGS, input_flags);
}

static void write_all(int32_t file, const char *bytes, uint32_t count) {
  while (count > 0) {
    const int32_t written = HOST(HOST_WRITE, file, bytes, count);
    if (written == -EINTR || written == -EAGAIN) continue;
    if (written <= 0) return;
    bytes += written;
    count -= (uint32_t)written;
  }
}

void arch_console_write(const char *bytes, uint32_t count) {
  write_all(STDERR, bytes, count);
}

void arch_host_write(const char *bytes, uint32_t count) {
  write_all(STDOUT, bytes, count);
}

void disk_event(void) {}

uint32_t arch_disk_sectors(void) {
  return disk_sector_count;
}

void arch_disk_begin(uint32_t sector, uint32_t count, void *buffer, bool write) {
  const uint64_t at = (uint64_t)sector * SECTOR_BYTES;
  const uint32_t bytes = count * SECTOR_BYTES;
  const int32_t done = HOST(write ? HOST_PWRITE64 : HOST_PREAD64, disk_file, buffer, bytes, (uint32_t)at, (uint32_t)(at >> 32));
  kernel_disk_answer(done == (int32_t)bytes ? 0 : -EIO);
}
