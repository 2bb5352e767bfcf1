#include "memory/space.h"

#include "base/errors.h"
#include "base/text.h"
#include "files/inode.h"
#include "memory/frames.h"
#include "memory/heap.h"

struct space *space_make(void) {
  struct space *space = heap_take(sizeof *space);
  if (!space) return NULL;
  space->references = 1;
  if (arch_space_make(&space->arch)) {
    heap_free(space);
    return NULL;
  }
  return space;
}

void space_share(struct space *space) {
  space->references++;
}

void space_page_drop(struct space *space, uint32_t address) {
  const uint32_t frame = arch_unmap(&space->arch, address);
  if (frame == NO_FRAME) return;
  frame_drop(frame);
  space->resident--;
}

static void pages_drop(struct space *space, uint32_t start, uint32_t end) {
  for (uint32_t at = arch_next_mapped(&space->arch, start, end); at < end; at = arch_next_mapped(&space->arch, at + PAGE_BYTES, end)) {
    space_page_drop(space, at);
  }
}

static void region_free(struct space *space, struct region *region) {
  if (region->inode) inode_drop(region->inode);
  heap_free(region);
  space->region_count--;
}

void space_drop(struct space *space) {
  if (--space->references > 0) return;
  while (space->regions) {
    struct region *region = space->regions;
    space->regions = region->next;
    pages_drop(space, region->start, region->end);
    region_free(space, region);
  }
  arch_space_free(&space->arch);
  heap_free(space);
}

struct region *space_region(const struct space *space, uint32_t address) {
  struct region *region = space->regions;
  while (region && region->end <= address) region = region->next;
  return region && region->start <= address ? region : NULL;
}

bool space_is_free(const struct space *space, uint32_t start, uint32_t end) {
  const struct region *region = space->regions;
  while (region && region->end <= start) region = region->next;
  return !region || region->start >= end;
}

/* Two neighbours that continue each other are one. */
static bool joins(const struct region *low, const struct region *high) {
  if (low->end != high->start || low->protection != high->protection || low->shared != high->shared || low->changed != high->changed || low->inode != high->inode) return false;
  return !low->inode || low->page_offset + ((low->end - low->start) >> PAGE_SHIFT) == high->page_offset;
}

static void join_after(struct space *space, struct region *low) {
  struct region *high = low->next;
  if (!high || !joins(low, high)) return;
  low->end = high->end;
  low->next = high->next;
  region_free(space, high);
}

int space_add(struct space *space, const struct region *wanted) {
  if (space->region_count >= REGIONS_MOST) return -ENOMEM;
  struct region *region = heap_take(sizeof *region);
  if (!region) return -ENOMEM;
  *region = *wanted;
  if (region->inode) inode_share(region->inode);
  struct region *before = NULL, **link = &space->regions;
  for (; *link && (*link)->start < region->start; link = &(*link)->next) before = *link;
  region->next = *link;
  *link = region;
  space->region_count++;
  join_after(space, region);
  if (before) join_after(space, before);
  return 0;
}

int space_split(struct space *space, uint32_t address) {
  struct region *low = space_region(space, address);
  if (!low || low->start == address) return 0;
  if (space->region_count >= REGIONS_MOST) return -ENOMEM;
  struct region *high = heap_take(sizeof *high);
  if (!high) return -ENOMEM;
  *high = *low;
  high->start = low->end = address;
  high->page_offset += (address - low->start) >> PAGE_SHIFT;
  if (high->inode) inode_share(high->inode);
  low->next = high;
  space->region_count++;
  return 0;
}

int space_remove(struct space *space, uint32_t start, uint32_t end) {
  if (space_split(space, start) || space_split(space, end)) return -ENOMEM;
  struct region **link = &space->regions;
  while (*link && (*link)->start < end) {
    struct region *region = *link;
    if (region->start < start) {
      link = &region->next;
      continue;
    }
    *link = region->next;
    pages_drop(space, region->start, region->end);
    region_free(space, region);
  }
  return 0;
}

uint32_t space_find(const struct space *space, uint32_t bytes) {
  uint32_t found = 0, low = USER_START;
  const struct region *region = space->regions;
  for (;; region = region->next) {
    const uint32_t high = region ? smaller(region->start, MAPPINGS_TOP) : MAPPINGS_TOP;
    /* Above the break there must remain room for it to grow. */
    const uint32_t floor = larger(low, space->break_end);
    if (high > floor && high - floor >= bytes) found = high - bytes;
    if (!region || region->start >= MAPPINGS_TOP) return found;
    low = region->end;
  }
}

static int page_copy(struct space *copy, struct space *space, const struct region *region, uint32_t address) {
  uint32_t rights;
  const uint32_t frame = arch_mapping(&space->arch, address, &rights);
  if (!region->shared && rights & RIGHT_WRITE) {
    rights &= ~RIGHT_WRITE;
    arch_map(&space->arch, address, frame, rights);
  }
  const int error = arch_map(&copy->arch, address, frame, rights);
  if (error) return error;
  frame_share(frame);
  copy->resident++;
  return 0;
}

static int region_copy(struct space *copy, struct space *space, const struct region *region) {
  const int error = space_add(copy, region);
  if (error) return error;
  /* What a fault can bring back from the file needs no copy. */
  if (region->inode && !region->changed) return 0;
  const uint32_t end = region->end;
  for (uint32_t at = arch_next_mapped(&space->arch, region->start, end); at < end; at = arch_next_mapped(&space->arch, at + PAGE_BYTES, end)) {
    const int failed = page_copy(copy, space, region, at);
    if (failed) return failed;
  }
  return 0;
}

struct space *space_copy(struct space *space) {
  struct space *copy = space_make();
  if (!copy) return NULL;
  copy->break_start = space->break_start;
  copy->break_end = space->break_end;
  for (const struct region *region = space->regions; region; region = region->next) {
    if (region_copy(copy, space, region)) {
      space_drop(copy);
      return NULL;
    }
  }
  return copy;
}
