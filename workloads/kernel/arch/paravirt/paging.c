/* Address spaces. What the processor walks belongs to the monitor; this is the list of changes that it has not been told yet. */
#include "base/errors.h"
#include "base/text.h"
#include "memory/frames.h"
#include "paravirt.h"

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

void mappings_settle(void) {
  if (updates_waiting == 0) return;
  const uint32_t count = updates_waiting;
  updates_waiting = 0;
  const uint32_t done = hypercall(CALL_UPDATE, arch_frame_of(updates), count, 0);
  if (done != count) panic("the monitor refused to map %8x for %8x", updates[done].entry, updates[done].address);
}

static void update_later(uint32_t space, uint32_t address, uint32_t entry) {
  if (updates_waiting == UPDATES_MOST) mappings_settle();
  updates[updates_waiting++] = (struct update){ space, address, entry };
}

void paging_install(uint32_t memory_end) {
  for (const char *page = image_start; page < read_only_end; page += PAGE_BYTES) update_later(KERNEL_SPACE, (uint32_t)page, arch_frame_of(page) | PAGE_PRESENT);
  mappings_settle();
  start_memory(arch_frame_of(image_end), memory_end);
}

static uint32_t stack_address(uint32_t slot, uint32_t page) {
  return STACKS_BASE + (slot + 1) * STACK_SLOT_BYTES - STACK_BYTES + page * PAGE_BYTES;
}

int stack_map(uint32_t slot) {
  for (uint32_t page = 0; page < STACK_PAGES; page++) {
    const uint32_t frame = frame_take_kept();
    if (frame == NO_FRAME) {
      stack_unmap(slot);
      return -ENOMEM;
    }
    stacks[slot][page] = frame;
    update_later(KERNEL_SPACE, stack_address(slot, page), frame | PAGE_PRESENT | PAGE_WRITABLE);
  }
  mappings_settle();
  return 0;
}

void stack_unmap(uint32_t slot) {
  for (uint32_t page = 0; page < STACK_PAGES; page++) {
    if (!stacks[slot][page]) continue;
    update_later(KERNEL_SPACE, stack_address(slot, page), 0);
    frame_drop(stacks[slot][page]);
    stacks[slot][page] = 0;
  }
  mappings_settle();
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
  mappings_settle();
  if (active == space) arch_space_use(NULL);
  hypercall(CALL_SPACE_FREE, space->handle, 0, 0);
  tables_free(space);
}

void arch_space_use(const struct arch_space *space) {
  if (space == active) return;
  mappings_settle();
  active = space;
  hypercall(CALL_SPACE_USE, space ? space->handle : KERNEL_SPACE, 0, 0);
}

int mapping_prepare(struct arch_space *space, uint32_t address) {
  return hypercall(CALL_TABLE_MAKE, space->handle, address, 0) ? 0 : -ENOMEM;
}

void mapping_changed(struct arch_space *space, uint32_t address, uint32_t before, uint32_t now) {
  if ((before | now) & PAGE_PRESENT) update_later(space->handle, address, now & PAGE_PRESENT ? now & ~PAGE_USER : 0);
}

uint32_t fault_address(void) {
  return MACHINE->fault_address;
}
