/*
 * Page tables of programs' spaces (Intel SDM vol. 3, 4.3): 4 KB pages only. On a PC the processor walks them; elsewhere they are the kernel's own record,
 * and whoever does the mapping hears of each change.
 */
#include "base/errors.h"
#include "base/text.h"
#include "arch/common/common.h"
#include "memory/frames.h"

void *arch_frame_address(uint32_t physical) {
  return (void *)(physical + DIRECT_BASE);
}

uint32_t arch_frame_of(const void *address) {
  return (uint32_t)address - DIRECT_BASE;
}

void tables_free(struct arch_space *space) {
  for (uint32_t index = 0; index < USER_ENTRIES; index++) {
    if (space->directory[index]) frame_drop(space->directory[index] & ~PAGE_MASK);
  }
  frame_drop(arch_frame_of(space->directory));
}

/* The entry of a page, or null without a table. */
static uint32_t *entry_of(const struct arch_space *space, uint32_t address) {
  const uint32_t table = space->directory[address >> DIRECTORY_SHIFT];
  if (!table) return NULL;
  return (uint32_t *)arch_frame_address(table & ~PAGE_MASK) + (address >> PAGE_SHIFT) % TABLE_ENTRIES;
}

static int table_make(struct arch_space *space, uint32_t address) {
  const uint32_t frame = frame_take_kept();
  if (frame == NO_FRAME) return -ENOMEM;
  const int error = mapping_prepare(space, address);
  if (error) {
    frame_drop(frame);
    return error;
  }
  memset(arch_frame_address(frame), 0, PAGE_BYTES);
  space->directory[address >> DIRECTORY_SHIFT] = frame | PAGE_PRESENT | PAGE_WRITABLE | PAGE_USER;
  return 0;
}

static void entry_set(struct arch_space *space, uint32_t address, uint32_t *entry, uint32_t now) {
  const uint32_t before = *entry;
  *entry = now;
  mapping_changed(space, address, before, now);
}

int arch_map(struct arch_space *space, uint32_t address, uint32_t frame, uint32_t rights) {
  uint32_t *entry = entry_of(space, address);
  if (!entry) {
    const int error = table_make(space, address);
    if (error) return error;
    entry = entry_of(space, address);
  }
  const uint32_t access = rights == 0 ? PAGE_HELD : PAGE_PRESENT | PAGE_USER | (rights & RIGHT_WRITE ? PAGE_WRITABLE : 0);
  entry_set(space, address, entry, frame | access);
  return 0;
}

uint32_t arch_unmap(struct arch_space *space, uint32_t address) {
  uint32_t *entry = entry_of(space, address);
  if (!entry || !*entry) return NO_FRAME;
  const uint32_t frame = *entry & ~PAGE_MASK;
  entry_set(space, address, entry, 0);
  return frame;
}

uint32_t arch_mapping(const struct arch_space *space, uint32_t address, uint32_t *rights) {
  const uint32_t *entry = entry_of(space, address);
  if (!entry || !*entry) return NO_FRAME;
  *rights = *entry & PAGE_PRESENT ? RIGHT_READ | (*entry & PAGE_WRITABLE ? RIGHT_WRITE : 0) : 0;
  return *entry & ~PAGE_MASK;
}

uint32_t arch_next_mapped(const struct arch_space *space, uint32_t from, uint32_t end) {
  while (from < end) {
    const uint32_t *entry = entry_of(space, from);
    if (!entry) {
      from = (from | (TABLE_SPAN - 1)) + 1;
      continue;
    }
    if (*entry) return from;
    from += PAGE_BYTES;
  }
  return end;
}
