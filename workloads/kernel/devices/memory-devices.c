/* /dev/null, zero, full, urandom, marker. */
#include "base/errors.h"
#include "files/file.h"
#include "devices/random-bytes.h"
#include "memory/frames.h"

#define PART_BYTES 256u

static int nothing_read(struct file *file, uint64_t *position, uint32_t to, uint32_t count) {
  (void)file, (void)position, (void)to, (void)count;
  return 0;
}

static int all_written(struct file *file, uint64_t *position, uint32_t from, uint32_t count) {
  (void)file, (void)position, (void)from;
  return (int)count;
}

static int none_written(struct file *file, uint64_t *position, uint32_t from, uint32_t count) {
  (void)file, (void)position, (void)from;
  return count ? -ENOSPC : 0;
}

static int zeroes_read(struct file *file, uint64_t *position, uint32_t to, uint32_t count) {
  (void)file, (void)position;
  const uint32_t left = arch_clear_user(to, count);
  return left && left == count ? -EFAULT : (int)(count - left);
}

static int random_read(struct file *file, uint64_t *position, uint32_t to, uint32_t count) {
  uint8_t part[PART_BYTES];
  (void)file, (void)position;
  for (uint32_t done = 0; done < count; done += sizeof part) {
    const uint32_t bytes = smaller(count - done, sizeof part);
    random_fill(part, bytes);
    if (arch_copy_to_user(to + done, part, bytes)) return done ? (int)done : -EFAULT;
  }
  return (int)count;
}

static int marker_write(struct file *file, uint64_t *position, uint32_t from, uint32_t count) {
  (void)file, (void)position;
  for (uint32_t at = 0; at < count; at++) {
    uint8_t value;
    if (arch_copy_from_user(&value, from + at, 1)) return at ? (int)at : -EFAULT;
    arch_marker(value);
  }
  return (int)count;
}

static uint64_t no_size(const struct file *file) {
  (void)file;
  return 0;
}

const struct file_kind null_kind = { .read = nothing_read, .write = all_written, .size = no_size };
const struct file_kind zero_kind = { .read = zeroes_read, .write = all_written, .size = no_size };
const struct file_kind full_kind = { .read = zeroes_read, .write = none_written, .size = no_size };
const struct file_kind random_kind = { .read = random_read, .write = all_written, .size = no_size };
const struct file_kind marker_kind = { .read = nothing_read, .write = marker_write };
