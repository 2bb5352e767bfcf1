/* /dev/host-input, host-output, host-error. */
#include "devices/host-streams.h"

#include "base/errors.h"
#include "devices/terminal.h"
#include "files/file.h"
#include "process/process.h"

/* The frame of the input: "data link escape" (ISO 1745) in front of what is not data, and of itself. */
#define ESCAPE 0x10
#define END_OF_TEXT 0x03
#define END_OF_TRANSMISSION 0x04

#define INPUT_BYTES 4096u
static uint8_t input[INPUT_BYTES];
/* Positions count on for ever. */
static uint32_t input_taken, input_put;
static bool escaped, ended;
static struct wait_queue readers;

bool host_input_has_room(void) {
  return input_put - input_taken < INPUT_BYTES;
}

static void data_take(uint8_t byte) {
  if (ended) return;
  input[input_put++ % INPUT_BYTES] = byte;
  wake_all(&readers);
}

void host_input_take(uint8_t byte) {
  if (!escaped) {
    if (byte == ESCAPE) escaped = true;
    else data_take(byte);
    return;
  }
  escaped = false;
  if (byte == ESCAPE) {
    data_take(byte);
  } else if (byte == END_OF_TEXT) {
    terminal_interrupt();
  } else if (byte == END_OF_TRANSMISSION) {
    ended = true;
    wake_all(&readers);
  }
}

static int input_read(struct file *file, uint64_t *position, uint32_t to, uint32_t count) {
  uint32_t done = 0;
  (void)position;
  if (count == 0) return 0;
  while (input_taken == input_put) {
    if (ended) return 0;
    if (file->flags & OPEN_NON_BLOCKING) return -EAGAIN;
    const int error = wait_on(&readers);
    if (error) return error;
  }
  while (done < count && input_taken != input_put) {
    const uint32_t at = input_taken % INPUT_BYTES;
    const uint32_t part = smaller(smaller(count - done, input_put - input_taken), INPUT_BYTES - at);
    const uint32_t left = arch_copy_to_user(to + done, input + at, part);
    done += part - left;
    input_taken += part - left;
    if (left) return done ? (int)done : -EFAULT;
  }
  return (int)done;
}

static int nothing_read(struct file *file, uint64_t *position, uint32_t to, uint32_t count) {
  (void)file, (void)position, (void)to, (void)count;
  return 0;
}

static int none_written(struct file *file, uint64_t *position, uint32_t from, uint32_t count) {
  (void)file, (void)position, (void)from, (void)count;
  return -EBADF;
}

#define PART_BYTES 256u
static int pass_on(uint32_t from, uint32_t count, void (*write)(const char *bytes, uint32_t count)) {
  char part[PART_BYTES];
  for (uint32_t done = 0; done < count;) {
    const uint32_t bytes = smaller(count - done, sizeof part);
    if (arch_copy_from_user(part, from + done, bytes)) return done ? (int)done : -EFAULT;
    write(part, bytes);
    done += bytes;
  }
  return (int)count;
}

static int output_write(struct file *file, uint64_t *position, uint32_t from, uint32_t count) {
  (void)file, (void)position;
  return pass_on(from, count, arch_host_write);
}

static int error_write(struct file *file, uint64_t *position, uint32_t from, uint32_t count) {
  (void)file, (void)position;
  return pass_on(from, count, arch_console_write);
}

static uint32_t input_poll(struct file *file) {
  (void)file;
  return input_taken != input_put || ended ? POLL_IN : 0;
}

static uint32_t output_poll(struct file *file) {
  (void)file;
  return POLL_OUT;
}

const struct file_kind host_input_kind = { .read = input_read, .write = none_written, .poll = input_poll };
const struct file_kind host_output_kind = { .read = nothing_read, .write = output_write, .poll = output_poll };
const struct file_kind host_error_kind = { .read = nothing_read, .write = error_write, .poll = output_poll };
