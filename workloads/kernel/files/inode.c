#include "files/inode.h"

#include "base/errors.h"
#include "base/text.h"
#include "files/pipe.h"
#include "memory/frames.h"
#include "memory/heap.h"

#define TABLE_WORDS (PAGE_BYTES / sizeof(uint32_t))

struct inode *root_directory;
static uint32_t last_number, space_pages, used_pages, count;

/* As many as half of memory has pages, as Linux's tmpfs has it (Documentation/filesystems/tmpfs.rst, "nr_inodes"). */
static bool inodes_full(void) {
  return count >= frames_total() / 2;
}

struct inode *inode_make(uint32_t mode) {
  if (inodes_full()) return NULL;
  struct inode *inode = heap_take(sizeof *inode);
  if (!inode) return NULL;
  inode->references = 1;
  inode->number = ++last_number;
  inode->mode = mode;
  inode->accessed = inode->modified = inode->changed = time_coarse();
  inode->last_entry = &inode->entries;
  count++;
  return inode;
}

void inode_share(struct inode *inode) {
  inode->references++;
}

static void slot_clear(uint32_t *slot) {
  if (!*slot) return;
  frame_drop(*slot);
  *slot = 0;
  used_pages--;
}

static void pages_drop(struct inode *inode, uint32_t first) {
  for (uint32_t page = first; page < DIRECT_PAGES; page++) slot_clear(&inode->direct[page]);
  if (!inode->tables) return;
  for (uint32_t table = 0; table < TABLE_WORDS; table++) {
    const uint32_t base = DIRECT_PAGES + table * TABLE_WORDS;
    if (!inode->tables[table] || base + TABLE_WORDS <= first) continue;
    for (uint32_t at = first > base ? first - base : 0; at < TABLE_WORDS; at++) slot_clear(&inode->tables[table][at]);
    if (base < first) continue;
    heap_free(inode->tables[table]);
    inode->tables[table] = NULL;
  }
  if (first > DIRECT_PAGES) return;
  heap_free(inode->tables);
  inode->tables = NULL;
}

void inode_drop(struct inode *inode) {
  if (--inode->references > 0) return;
  if (inode_is(inode, MODE_REGULAR)) pages_drop(inode, 0);
  heap_free(inode->target);
  if (inode->pipe) pipe_free(inode->pipe);
  heap_free(inode);
  count--;
}

void inode_execution_begin(struct inode *inode) {
  inode_share(inode);
  inode->executions++;
}

void inode_execution_end(struct inode *inode) {
  inode->executions--;
  inode_drop(inode);
}

void inode_touch(struct inode *inode) {
  inode->modified = inode->changed = time_coarse();
}

/* Where the frame of a page is noted, or null. */
static uint32_t *slot_of(struct inode *inode, uint32_t page, bool make) {
  if (page < DIRECT_PAGES) return &inode->direct[page];
  page -= DIRECT_PAGES;
  if (!inode->tables && (!make || !(inode->tables = heap_take(PAGE_BYTES)))) return NULL;
  uint32_t **table = &inode->tables[page / TABLE_WORDS];
  if (!*table && (!make || !(*table = heap_take(PAGE_BYTES)))) return NULL;
  return *table + page % TABLE_WORDS;
}

uint32_t inode_page(struct inode *inode, uint32_t page, bool make) {
  uint32_t *slot = slot_of(inode, page, make);
  if (slot && *slot) return *slot;
  if (!make) return frame_zero();
  if (!slot || used_pages >= space_pages) return NO_FRAME;
  const uint32_t frame = frame_take_zeroed_for_user();
  if (frame == NO_FRAME) return NO_FRAME;
  used_pages++;
  return *slot = frame;
}

int inode_resize(struct inode *inode, uint32_t size) {
  if (size > FILE_BYTES_MOST) return -EFBIG;
  if (size < inode->size) {
    pages_drop(inode, page_up(size) >> PAGE_SHIFT);
    const uint32_t *last = size & PAGE_MASK ? slot_of(inode, size >> PAGE_SHIFT, false) : NULL;
    if (last && *last) memset((uint8_t *)arch_frame_address(*last) + (size & PAGE_MASK), 0, PAGE_BYTES - (size & PAGE_MASK));
  }
  inode->size = size;
  inode_touch(inode);
  return 0;
}

uint32_t inode_read(struct inode *inode, uint32_t at, void *to, uint32_t bytes) {
  if (at >= inode->size) return 0;
  bytes = smaller(bytes, inode->size - at);
  for (uint32_t done = 0; done < bytes;) {
    const uint32_t offset = (at + done) & PAGE_MASK, part = smaller(bytes - done, PAGE_BYTES - offset);
    memcpy((uint8_t *)to + done, (uint8_t *)arch_frame_address(inode_page(inode, (at + done) >> PAGE_SHIFT, false)) + offset, part);
    done += part;
  }
  return bytes;
}

uint32_t inode_write(struct inode *inode, uint32_t at, const void *from, uint32_t bytes) {
  uint32_t done = 0;
  while (done < bytes) {
    const uint32_t offset = (at + done) & PAGE_MASK, part = smaller(bytes - done, PAGE_BYTES - offset);
    const uint32_t frame = inode_page(inode, (at + done) >> PAGE_SHIFT, true);
    if (frame == NO_FRAME) break;
    memcpy((uint8_t *)arch_frame_address(frame) + offset, (const uint8_t *)from + done, part);
    done += part;
  }
  inode->size = larger(inode->size, at + done);
  return done;
}

void inode_space_set(uint32_t pages) {
  space_pages = pages;
}

uint32_t inode_space(void) {
  return space_pages;
}

uint32_t inode_space_used(void) {
  return used_pages;
}

uint32_t inode_count(void) {
  return count;
}
