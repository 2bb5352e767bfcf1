/* /dev/hda: the disk through a small cache of pages, written through. */
#include "arch/arch.h"
#include "base/errors.h"
#include "base/text.h"
#include "files/file.h"
#include "memory/heap.h"

#define CACHE_PAGES 64u
#define SECTORS_PER_PAGE (PAGE_BYTES / SECTOR_BYTES)
#define REQUEST_SECTORS 0x1260u
#define REQUEST_BYTES 0x80041272u
#define REQUEST_SECTOR_BYTES 0x1268u

struct cached {
  uint8_t *bytes;
  uint32_t page, used;
  bool valid;
};
static struct cached cache[CACHE_PAGES];
static uint32_t uses;

static uint64_t disk_size(const struct file *file) {
  (void)file;
  return (uint64_t)arch_disk_sectors() * SECTOR_BYTES;
}

static uint32_t sectors_in(uint32_t page) {
  return smaller(SECTORS_PER_PAGE, arch_disk_sectors() - page * SECTORS_PER_PAGE);
}

/* The page from the cache, or in the place of the one that was not used for longest. */
static struct cached *page_get(uint32_t page) {
  struct cached *oldest = cache;
  for (struct cached *at = cache; at < cache + CACHE_PAGES; at++) {
    if (at->valid && at->page == page) {
      at->used = ++uses;
      return at;
    }
    if (!at->valid ? oldest->valid : oldest->valid && at->used < oldest->used) oldest = at;
  }
  if (!oldest->bytes && !(oldest->bytes = heap_take(PAGE_BYTES))) return error_pointer(-ENOMEM);
  oldest->valid = false;
  const int error = arch_disk_transfer(page * SECTORS_PER_PAGE, sectors_in(page), oldest->bytes, false);
  if (error) return error_pointer(error);
  *oldest = (struct cached){ oldest->bytes, page, ++uses, true };
  return oldest;
}

static int part_transfer(uint64_t position, uint32_t address, uint32_t count, bool write) {
  const uint32_t page = (uint32_t)(position >> PAGE_SHIFT), offset = (uint32_t)position & PAGE_MASK;
  struct cached *cached = page_get(page);
  if (is_error(cached)) return error_of(cached);
  if (!write) return arch_copy_to_user(address, cached->bytes + offset, count) ? -EFAULT : 0;
  const bool failed = arch_copy_from_user(cached->bytes + offset, address, count);
  const int error = arch_disk_transfer(page * SECTORS_PER_PAGE, sectors_in(page), cached->bytes, true);
  return failed ? -EFAULT : error;
}

static int transfer(uint64_t *position, uint32_t address, uint32_t count, bool write) {
  const uint64_t size = disk_size(NULL);
  if (*position >= size) return write && count ? -ENOSPC : 0;
  if (count > size - *position) count = (uint32_t)(size - *position);
  uint32_t done = 0;
  while (done < count) {
    const uint32_t part = smaller(count - done, PAGE_BYTES - ((uint32_t)*position & PAGE_MASK));
    const int error = part_transfer(*position, address + done, part, write);
    if (error) return done ? (int)done : error;
    done += part;
    *position += part;
  }
  return (int)done;
}

static int disk_read(struct file *file, uint64_t *position, uint32_t to, uint32_t count) {
  (void)file;
  return transfer(position, to, count, false);
}

static int disk_write(struct file *file, uint64_t *position, uint32_t from, uint32_t count) {
  (void)file;
  return transfer(position, from, count, true);
}

static int disk_control(struct file *file, uint32_t request, uint32_t argument) {
  const uint64_t bytes = disk_size(file);
  const uint32_t sectors = arch_disk_sectors(), sector_bytes = SECTOR_BYTES;
  switch (request) {
    case REQUEST_SECTORS: return arch_copy_to_user(argument, &sectors, sizeof sectors) ? -EFAULT : 0;
    case REQUEST_SECTOR_BYTES: return arch_copy_to_user(argument, &sector_bytes, sizeof sector_bytes) ? -EFAULT : 0;
    case REQUEST_BYTES: return arch_copy_to_user(argument, &bytes, sizeof bytes) ? -EFAULT : 0;
    default: return -ENOTTY;
  }
}

const struct file_kind disk_kind = { .read = disk_read, .write = disk_write, .control = disk_control, .size = disk_size };
