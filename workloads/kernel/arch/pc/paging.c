/*
 * The kernel's part of the page tables, and the processor's TLB (Intel SDM vol. 3, 4.3 and 4.10). The kernel's part is the same in every directory and complete
 * from the start, so that it never has to be brought up to date.
 */
#include "base/errors.h"
#include "base/text.h"
#include "memory/frames.h"
#include "pc.h"

#define KERNEL_ENTRY (DIRECT_BASE >> DIRECTORY_SHIFT)
#define CONTROL_4_LARGE_PAGES 0x10u

static uint32_t kernel_directory[TABLE_ENTRIES] __attribute__((aligned(4096)));
static uint32_t stacks_table[TABLE_ENTRIES] __attribute__((aligned(4096)));
static const uint32_t *active;

static void directory_load(const uint32_t *directory) {
  active = directory;
  __asm__ volatile("movl %0, %%cr3" : : "r"(arch_frame_of(directory)) : "memory");
}

static void invalidate(const uint32_t *directory, uint32_t address) {
  if (directory == active) __asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
}

/* Tables for all physical memory, made before there is an allocator: from `free` up, around the archive. */
static uint32_t direct_map(uint32_t memory_end, uint32_t free, uint32_t archive_start, uint32_t archive_end) {
  for (uint32_t base = 0; base < memory_end; base += TABLE_SPAN) {
    if (free >= archive_start && free < archive_end) free = archive_end;
    if (free + PAGE_BYTES > memory_end) panic("no memory for page tables");
    uint32_t *table = arch_frame_address(free);
    for (uint32_t index = 0; index < TABLE_ENTRIES; index++) {
      const uint32_t page = base + index * PAGE_BYTES;
      const bool constant = page >= arch_frame_of(image_start) && page < arch_frame_of(read_only_end);
      table[index] = page < memory_end ? page | PAGE_PRESENT | (constant ? 0 : PAGE_WRITABLE) : 0;
    }
    kernel_directory[KERNEL_ENTRY + (base >> DIRECTORY_SHIFT)] = free | PAGE_PRESENT | PAGE_WRITABLE;
    free += PAGE_BYTES;
  }
  return free;
}

void paging_install(uint32_t memory_end) {
  const struct archive_pages archive = start_archive_pages(memory_end);
  const uint32_t free = direct_map(memory_end, arch_frame_of(image_end), archive.start, archive.end);
  kernel_directory[STACKS_BASE >> DIRECTORY_SHIFT] = arch_frame_of(stacks_table) | PAGE_PRESENT | PAGE_WRITABLE;
  directory_load(kernel_directory);
  uint32_t control;
  __asm__ volatile("movl %%cr4, %0" : "=r"(control));
  __asm__ volatile("movl %0, %%cr4" : : "r"(control & ~CONTROL_4_LARGE_PAGES) : "memory");
  start_memory(free, memory_end);
}

static uint32_t *stack_entry(uint32_t slot, uint32_t page) {
  const uint32_t first = (slot * STACK_SLOT_BYTES + STACK_SLOT_BYTES - STACK_BYTES) / PAGE_BYTES;
  return &stacks_table[first + page];
}

int stack_map(uint32_t slot) {
  for (uint32_t page = 0; page < STACK_BYTES / PAGE_BYTES; page++) {
    const uint32_t frame = frame_take_kept();
    if (frame == NO_FRAME) {
      stack_unmap(slot);
      return -ENOMEM;
    }
    *stack_entry(slot, page) = frame | PAGE_PRESENT | PAGE_WRITABLE;
  }
  return 0;
}

void stack_unmap(uint32_t slot) {
  for (uint32_t page = 0; page < STACK_BYTES / PAGE_BYTES; page++) {
    uint32_t *entry = stack_entry(slot, page);
    if (!*entry) continue;
    frame_drop(*entry & ~PAGE_MASK);
    *entry = 0;
    const uint32_t address = STACKS_BASE + (uint32_t)(entry - stacks_table) * PAGE_BYTES;
    __asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
  }
}

int arch_space_make(struct arch_space *space) {
  const uint32_t frame = frame_take_kept();
  if (frame == NO_FRAME) return -ENOMEM;
  space->directory = arch_frame_address(frame);
  memset(space->directory, 0, KERNEL_ENTRY * sizeof *space->directory);
  memcpy(space->directory + KERNEL_ENTRY, kernel_directory + KERNEL_ENTRY, (TABLE_ENTRIES - KERNEL_ENTRY) * sizeof *space->directory);
  return 0;
}

void arch_space_free(struct arch_space *space) {
  if (active == space->directory) directory_load(kernel_directory);
  tables_free(space);
}

void arch_space_use(const struct arch_space *space) {
  const uint32_t *directory = space ? space->directory : kernel_directory;
  if (directory != active) directory_load(directory);
}

int mapping_prepare(struct arch_space *space, uint32_t address) {
  (void)space, (void)address;
  return 0;
}

/* The TLB holds nothing of an entry that was not present (Intel SDM vol. 3, 4.10.2.3). */
void mapping_changed(struct arch_space *space, uint32_t address, uint32_t before, uint32_t now) {
  (void)now;
  if (before & PAGE_PRESENT) invalidate(space->directory, address);
}

uint32_t fault_address(void) {
  uint32_t address;
  __asm__ volatile("movl %%cr2, %0" : "=r"(address));
  return address;
}

/* The processor walks the tables themselves. */
void mappings_settle(void) {}
