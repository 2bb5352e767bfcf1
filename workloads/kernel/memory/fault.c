/* Page faults: zeroes, pages of files, copies on write. */
#include "base/text.h"
#include "files/inode.h"
#include "memory/frames.h"
#include "memory/space.h"
#include "process/signals.h"

static uint32_t rights_of(const struct region *region) {
  return (region->protection ? RIGHT_READ : 0) | (region->protection & PROT_WRITE ? RIGHT_WRITE : 0);
}

static int put(struct space *space, uint32_t address, uint32_t frame, uint32_t rights) {
  if (arch_map(&space->arch, address, frame, rights)) {
    frame_drop(frame);
    return SIGKILL;
  }
  space->resident++;
  return 0;
}

/* A page that is mapped, but not for writing: the last one to use it takes it, others copy. */
static int copy_on_write(struct space *space, struct region *region, uint32_t address, uint32_t frame) {
  const uint32_t rights = rights_of(region);
  region->changed = !region->shared;
  if (region->shared || frame_references(frame) == 1) {
    arch_map(&space->arch, address, frame, rights);
    return 0;
  }
  const uint32_t copy = frame == frame_zero() ? frame_take_zeroed_for_user() : frame_take_for_user();
  if (copy == NO_FRAME) return SIGKILL;
  if (frame != frame_zero()) memcpy(arch_frame_address(copy), arch_frame_address(frame), PAGE_BYTES);
  arch_map(&space->arch, address, copy, rights);
  frame_drop(frame);
  return 0;
}

static int file_page(struct space *space, struct region *region, uint32_t address, bool write) {
  const uint32_t page = region->page_offset + ((address - region->start) >> PAGE_SHIFT);
  if (page >= (region->inode->size + PAGE_MASK) >> PAGE_SHIFT) return SIGBUS;
  const uint32_t frame = inode_page(region->inode, page, region->shared);
  if (frame == NO_FRAME) return SIGBUS;
  if (write && !region->shared) {
    const uint32_t copy = frame_take_for_user();
    if (copy == NO_FRAME) return SIGKILL;
    memcpy(arch_frame_address(copy), arch_frame_address(frame), PAGE_BYTES);
    region->changed = true;
    return put(space, address, copy, rights_of(region));
  }
  frame_share(frame);
  return put(space, address, frame, region->shared ? rights_of(region) : rights_of(region) & ~RIGHT_WRITE);
}

static int zero_page(struct space *space, const struct region *region, uint32_t address, bool write) {
  if (!write) return put(space, address, frame_zero(), rights_of(region) & ~RIGHT_WRITE);
  const uint32_t frame = frame_take_zeroed_for_user();
  return frame == NO_FRAME ? SIGKILL : put(space, address, frame, rights_of(region));
}

int space_fault(struct space *space, uint32_t address, bool write) {
  struct region *region = space_region(space, address);
  if (!region || !(region->protection & (write ? PROT_WRITE : PROT_ALL))) return SIGSEGV;
  uint32_t rights;
  const uint32_t page = page_down(address), frame = arch_mapping(&space->arch, page, &rights);
  if (frame != NO_FRAME) {
    const uint32_t needed = write ? RIGHT_WRITE : RIGHT_READ;
    /* Another fault may have brought it in already. */
    if (rights & needed) return 0;
    if (write) return copy_on_write(space, region, page, frame);
    arch_map(&space->arch, page, frame, RIGHT_READ);
    return 0;
  }
  return region->inode ? file_page(space, region, page, write) : zero_page(space, region, page, write);
}
