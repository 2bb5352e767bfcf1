/*
 * Address spaces. What the processor walks belongs to the monitor; this is the kernel's own record of it, which it reads without a hypercall, and the
 * list of changes that the monitor has not been told yet.
 */
#include "base/errors.h"
#include "base/text.h"
#include "memory/frames.h"
#include "paravirt.h"

#define DIRECTORY_SHIFT 22
#define USER_ENTRIES (USER_END >> DIRECTORY_SHIFT)
/* Available to software: the frame belongs to the mapping although nobody may use it. */
#define PAGE_HELD 0x200u
#define NO_SPACE 0u
#define KERNEL_SPACE 0u
#define STACK_PAGES (STACK_BYTES / PAGE_BYTES)

/* One page-table update (docs/paravirt.md, section 4). */
struct update {
  uint32_t space, address, entry;
};
#define UPDATES_MOST 64u
static struct update updates[UPDATES_MOST];
static uint32_t updates_waiting;

static uint32_t stacks[PROCESS_LIMIT][STACK_PAGES];
static const struct arch_space *active;

void *arch_frame_address(uint32_t physical) {
  return (void *)(physical + DIRECT_BASE);
}

uint32_t arch_frame_of(const void *address) {
  return (uint32_t)address - DIRECT_BASE;
}

void paging_flush(void) {
  if (updates_waiting == 0) return;
  const uint32_t count = updates_waiting;
  updates_waiting = 0;
  const uint32_t done = hypercall(CALL_UPDATE, arch_frame_of(updates), count, 0);
  if (done != count) panic("the monitor refused to map %8x for %8x", updates[done].entry, updates[done].address);
}

static void update_later(uint32_t space, uint32_t address, uint32_t entry) {
  if (updates_waiting == UPDATES_MOST) paging_flush();
  updates[updates_waiting++] = (struct update){ space, address, entry };
}

void paging_install(uint32_t memory_end, uint32_t archive_start, uint32_t archive_end) {
  for (const char *page = image_start; page < read_only_end; page += PAGE_BYTES) update_later(KERNEL_SPACE, (uint32_t)page, arch_frame_of(page) | PAGE_PRESENT);
  paging_flush();
  const uint32_t free = frames_prepare(memory_end, arch_frame_of(image_end), archive_start, archive_end);
  if (archive_end <= free) {
    frames_add(free, memory_end);
  } else {
    frames_add(free, archive_start);
    frames_add(archive_end, memory_end);
  }
}

static uint32_t stack_address(uint32_t slot, uint32_t page) {
  return STACKS_BASE + (slot + 1) * STACK_SLOT_BYTES - STACK_BYTES + page * PAGE_BYTES;
}

int paging_stack_map(uint32_t slot) {
  for (uint32_t page = 0; page < STACK_PAGES; page++) {
    const uint32_t frame = frame_take_kept();
    if (frame == NO_FRAME) {
      paging_stack_unmap(slot);
      return -ENOMEM;
    }
    stacks[slot][page] = frame;
    update_later(KERNEL_SPACE, stack_address(slot, page), frame | PAGE_PRESENT | PAGE_WRITABLE);
  }
  paging_flush();
  return 0;
}

void paging_stack_unmap(uint32_t slot) {
  for (uint32_t page = 0; page < STACK_PAGES; page++) {
    if (!stacks[slot][page]) continue;
    update_later(KERNEL_SPACE, stack_address(slot, page), 0);
    frame_drop(stacks[slot][page]);
    stacks[slot][page] = 0;
  }
  paging_flush();
}

int arch_space_make(struct arch_space *space) {
  const uint32_t frame = frame_take_kept();
  if (frame == NO_FRAME) return -ENOMEM;
  space->handle = hypercall(CALL_SPACE_MAKE, 0, 0, 0);
  if (space->handle == NO_SPACE) {
    frame_drop(frame);
    return -ENOMEM;
  }
  space->directory = arch_frame_address(frame);
  memset(space->directory, 0, PAGE_BYTES);
  return 0;
}

void arch_space_free(struct arch_space *space) {
  paging_flush();
  if (active == space) arch_space_use(NULL);
  hypercall(CALL_SPACE_FREE, space->handle, 0, 0);
  for (uint32_t index = 0; index < USER_ENTRIES; index++) {
    if (space->directory[index]) frame_drop(space->directory[index] & ~PAGE_MASK);
  }
  frame_drop(arch_frame_of(space->directory));
}

void arch_space_use(const struct arch_space *space) {
  if (space == active) return;
  paging_flush();
  active = space;
  hypercall(CALL_SPACE_USE, space ? space->handle : KERNEL_SPACE, 0, 0);
}

/* The record of a page, or null without a table. */
static uint32_t *entry_of(const struct arch_space *space, uint32_t address) {
  const uint32_t table = space->directory[address >> DIRECTORY_SHIFT];
  if (!table) return NULL;
  return (uint32_t *)arch_frame_address(table & ~PAGE_MASK) + (address >> PAGE_SHIFT) % TABLE_ENTRIES;
}

static int table_make(struct arch_space *space, uint32_t address) {
  const uint32_t frame = frame_take_kept();
  if (frame == NO_FRAME) return -ENOMEM;
  if (!hypercall(CALL_TABLE_MAKE, space->handle, address, 0)) {
    frame_drop(frame);
    return -ENOMEM;
  }
  memset(arch_frame_address(frame), 0, PAGE_BYTES);
  space->directory[address >> DIRECTORY_SHIFT] = frame | PAGE_PRESENT;
  return 0;
}

int arch_map(struct arch_space *space, uint32_t address, uint32_t frame, uint32_t rights) {
  uint32_t *entry = entry_of(space, address);
  if (!entry) {
    const int error = table_make(space, address);
    if (error) return error;
    entry = entry_of(space, address);
  }
  const uint32_t before = *entry;
  *entry = frame | (rights == 0 ? PAGE_HELD : PAGE_PRESENT | (rights & RIGHT_WRITE ? PAGE_WRITABLE : 0));
  if ((before | *entry) & PAGE_PRESENT) update_later(space->handle, address, *entry & PAGE_PRESENT ? *entry : 0);
  return 0;
}

uint32_t arch_unmap(struct arch_space *space, uint32_t address) {
  uint32_t *entry = entry_of(space, address);
  if (!entry || !*entry) return NO_FRAME;
  const uint32_t before = *entry;
  *entry = 0;
  if (before & PAGE_PRESENT) update_later(space->handle, address, 0);
  return before & ~PAGE_MASK;
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
