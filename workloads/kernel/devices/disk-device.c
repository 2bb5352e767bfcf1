/* /dev/hda: the disk through a small cache of pages, written through. */
#include "arch/arch.h"
#include "base/errors.h"
#include "base/text.h"
#include "devices/disk-queue.h"
#include "files/file.h"
#include "memory/heap.h"
#include "process/process.h"

#define CACHE_PAGES 64u
#define SECTORS_PER_PAGE (PAGE_BYTES / SECTOR_BYTES)
#define REQUEST_SECTORS 0x1260u
#define REQUEST_BYTES 0x80041272u
#define REQUEST_SECTOR_BYTES 0x1268u

/* A page that somebody needs (`users`) keeps its place; it is FILLING while the first of them sleeps for the disk. */
struct cached {
  uint8_t *bytes;
  uint32_t page, used, users;
  enum { EMPTY, FILLING, FULL } state;
};
static struct cached cache[CACHE_PAGES];
static uint32_t uses;
/* For a page to be filled, or for a place. */
static struct wait_queue cache_changes;

static uint64_t disk_size(const struct file *file) {
  (void)file;
  return (uint64_t)arch_disk_sectors() * SECTOR_BYTES;
}

static uint32_t sectors_in(uint32_t page) {
  return smaller(SECTORS_PER_PAGE, arch_disk_sectors() - page * SECTORS_PER_PAGE);
}

static struct cached *page_find(uint32_t page) {
  for (struct cached *at = cache; at < cache + CACHE_PAGES; at++) {
    if (at->state != EMPTY && at->page == page) return at;
  }
  return NULL;
}

/* An empty place, or that of the page that was not used for longest; null while somebody needs each of them. */
static struct cached *place_choose(void) {
  struct cached *oldest = NULL;
  for (struct cached *at = cache; at < cache + CACHE_PAGES; at++) {
    if (at->users > 0) continue;
    if (!oldest || (at->state == EMPTY ? oldest->state != EMPTY : oldest->state != EMPTY && at->used < oldest->used)) oldest = at;
  }
  return oldest;
}

static void page_put(struct cached *cached) {
  cached->users--;
  wake_all(&cache_changes);
}

static int page_fill(struct cached *cached, uint32_t page) {
  if (!cached->bytes && !(cached->bytes = heap_take(PAGE_BYTES))) return -ENOMEM;
  cached->page = page;
  cached->state = FILLING;
  cached->users++;
  const int error = disk_transfer(page * SECTORS_PER_PAGE, sectors_in(page), cached->bytes, false);
  cached->state = error ? EMPTY : FULL;
  if (error) page_put(cached);
  else wake_all(&cache_changes);
  return error;
}

/* The page, which stays until page_put; or an error. */
static struct cached *page_get(uint32_t page) {
  for (;;) {
    struct cached *cached = page_find(page);
    if (cached && cached->state == FULL) {
      cached->users++;
      cached->used = ++uses;
      return cached;
    }
    struct cached *place = cached ? NULL : place_choose();
    if (place) {
      const int error = page_fill(place, page);
      if (error) return error_pointer(error);
      place->used = ++uses;
      return place;
    }
    wait_undisturbed(&cache_changes);
  }
}

/* What could not be written must not be read from the cache as if it had been. */
static int page_write(struct cached *cached, uint32_t page) {
  const int error = disk_transfer(page * SECTORS_PER_PAGE, sectors_in(page), cached->bytes, true);
  if (error) cached->state = EMPTY;
  return error;
}

static int part_transfer(uint64_t position, uint32_t address, uint32_t count, bool write) {
  const uint32_t page = (uint32_t)(position >> PAGE_SHIFT), offset = (uint32_t)position & PAGE_MASK;
  struct cached *cached = page_get(page);
  if (is_error(cached)) return error_of(cached);
  int error = 0;
  const bool failed = write ? arch_copy_from_user(cached->bytes + offset, address, count) : arch_copy_to_user(address, cached->bytes + offset, count);
  if (write) error = page_write(cached, page);
  page_put(cached);
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
