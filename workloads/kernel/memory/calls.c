/* System calls on memory: mmap, munmap, mprotect, mremap, brk and the advisory ones. */
#include "base/errors.h"
#include "base/text.h"
#include "files/file.h"
#include "memory/frames.h"
#include "memory/space.h"
#include "process/process.h"
#include "process/calls.h"

#define MREMAP_MAYMOVE 1u
#define MREMAP_FIXED 2u
#define MS_SYNC_FLAGS 7u

/* A sum of more than all memory can never be used: better refused now than killed later. */
static bool too_much(uint32_t bytes, uint32_t protection) {
  return protection & PROT_WRITE && bytes >> PAGE_SHIFT > frames_total();
}

static bool range_valid(uint32_t start, uint32_t bytes) {
  return !(start & PAGE_MASK) && start < USER_END && page_up(bytes) >= bytes && page_up(bytes) <= USER_END - start;
}

static int place_choose(struct space *space, uint32_t *start, uint32_t bytes, uint32_t flags) {
  if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
    if (!range_valid(*start, bytes) || *start < USER_START) return *start & PAGE_MASK ? -EINVAL : -ENOMEM;
    if (flags & MAP_FIXED_NOREPLACE) return space_is_free(space, *start, *start + bytes) ? 0 : -EEXIST;
    return space_remove(space, *start, *start + bytes);
  }
  const uint32_t hint = page_down(*start);
  if (hint >= USER_START && range_valid(hint, bytes) && space_is_free(space, hint, hint + bytes)) {
    *start = hint;
    return 0;
  }
  *start = space_find(space, bytes);
  return *start ? 0 : -ENOMEM;
}

/* The inode behind a mapping: the file's, a nameless one for shared memory, or null. The caller drops it. */
static struct inode *backing(uint32_t bytes, uint32_t protection, uint32_t flags, uint32_t descriptor) {
  if (flags & MAP_ANONYMOUS) {
    if ((flags & MAP_TYPE) == MAP_PRIVATE) return NULL;
    struct inode *inode = inode_make(MODE_REGULAR | 0600);
    if (!inode) return error_pointer(-ENOMEM);
    inode->size = bytes;
    return inode;
  }
  struct file *file = descriptor_file(descriptor);
  if (!file) return error_pointer(-EBADF);
  if (!file->inode || !inode_is(file->inode, MODE_REGULAR)) return error_pointer(file->inode && file->inode->device == DEVICE_ZERO ? 0 : -ENODEV);
  const uint32_t access = file->flags & OPEN_ACCESS;
  if (access == OPEN_WRITE_ONLY || (access == OPEN_READ_ONLY && (flags & MAP_TYPE) == MAP_SHARED && protection & PROT_WRITE)) return error_pointer(-EACCES);
  inode_share(file->inode);
  return file->inode;
}

static int map(uint32_t start, uint32_t bytes, uint32_t protection, uint32_t flags, uint32_t descriptor, uint32_t page_offset) {
  struct space *space = current->space;
  const uint32_t type = flags & MAP_TYPE;
  if (bytes == 0 || (type != MAP_SHARED && type != MAP_PRIVATE) || protection & ~PROT_ALL) return -EINVAL;
  if (bytes > USER_END || too_much(bytes, type == MAP_PRIVATE ? protection : 0)) return -ENOMEM;
  bytes = page_up(bytes);
  struct inode *inode = backing(bytes, protection, flags, descriptor);
  if (is_error(inode)) return error_of(inode);
  int error = place_choose(space, &start, bytes, flags);
  if (!error) {
    const struct region region = { NULL, start, start + bytes, protection, type == MAP_SHARED, false, inode, flags & MAP_ANONYMOUS ? 0 : page_offset };
    error = space_add(space, &region);
  }
  if (inode) inode_drop(inode);
  return error ? error : (int)start;
}

int call_mmap2(const uint32_t *a) {
  return map(a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* The old call passes the address of its arguments, and the offset in bytes. */
int call_mmap(const uint32_t *a) {
  uint32_t b[6];
  if (arch_copy_from_user(b, a[0], sizeof b)) return -EFAULT;
  return b[5] & PAGE_MASK ? -EINVAL : map(b[0], b[1], b[2], b[3], b[4], b[5] >> PAGE_SHIFT);
}

int call_munmap(const uint32_t *a) {
  if (a[1] == 0 || !range_valid(a[0], a[1])) return -EINVAL;
  return space_remove(current->space, a[0], a[0] + page_up(a[1]));
}

static void pages_protect(struct space *space, const struct region *region) {
  for (uint32_t at = arch_next_mapped(&space->arch, region->start, region->end); at < region->end;
       at = arch_next_mapped(&space->arch, at + PAGE_BYTES, region->end)) {
    uint32_t rights;
    const uint32_t frame = arch_mapping(&space->arch, at, &rights);
    /* A right to write comes back with the first write, which decides whether to copy. */
    const uint32_t wanted = region->protection ? RIGHT_READ | (region->protection & PROT_WRITE ? rights & RIGHT_WRITE : 0) : 0;
    if (wanted != rights) arch_map(&space->arch, at, frame, wanted);
  }
}

static bool covered(const struct space *space, uint32_t start, uint32_t end) {
  while (start < end) {
    const struct region *region = space_region(space, start);
    if (!region) return false;
    start = region->end;
  }
  return true;
}

int call_mprotect(const uint32_t *a) {
  struct space *space = current->space;
  const uint32_t start = a[0], end = a[0] + page_up(a[1]);
  if (start & PAGE_MASK || a[2] & ~PROT_ALL) return -EINVAL;
  if (!range_valid(a[0], a[1]) || !covered(space, start, end)) return -ENOMEM;
  if (space_split(space, start) || space_split(space, end)) return -ENOMEM;
  for (struct region *region = space->regions; region && region->start < end; region = region->next) {
    if (region->start < start || region->protection == a[2]) continue;
    region->protection = a[2];
    pages_protect(space, region);
  }
  return 0;
}

/* Moves pages, not bytes. */
static int move(struct space *space, const struct region *old, uint32_t start, uint32_t old_bytes, uint32_t bytes) {
  struct region moved = *old;
  moved.start = space_find(space, bytes);
  if (!moved.start) return -ENOMEM;
  moved.end = moved.start + bytes;
  moved.page_offset = old->page_offset + ((start - old->start) >> PAGE_SHIFT);
  const int error = space_add(space, &moved);
  if (error) return error;
  for (uint32_t at = 0; at < old_bytes; at += PAGE_BYTES) {
    uint32_t rights;
    const uint32_t frame = arch_mapping(&space->arch, start + at, &rights);
    if (frame == NO_FRAME) continue;
    if (arch_map(&space->arch, moved.start + at, frame, rights)) return -ENOMEM;
    arch_unmap(&space->arch, start + at);
  }
  return space_remove(space, start, start + old_bytes) ? -ENOMEM : (int)moved.start;
}

int call_mremap(const uint32_t *a) {
  struct space *space = current->space;
  const uint32_t start = a[0], old_bytes = page_up(a[1]), bytes = page_up(a[2]);
  if (!range_valid(start, a[1]) || a[2] == 0 || a[2] > USER_END || old_bytes == 0) return -EINVAL;
  if (a[3] & MREMAP_FIXED) return -EINVAL;
  struct region *region = space_region(space, start);
  if (!region || region->end - start < old_bytes) return -EFAULT;
  if (bytes <= old_bytes) return space_remove(space, start + bytes, start + old_bytes) ? -ENOMEM : (int)start;
  if (too_much(bytes, region->protection)) return -ENOMEM;
  if (region->end == start + old_bytes && range_valid(start, bytes) && space_is_free(space, region->end, start + bytes) && start + bytes <= MAPPINGS_TOP) {
    region->end = start + bytes;
    return (int)start;
  }
  return a[3] & MREMAP_MAYMOVE ? move(space, region, start, old_bytes, bytes) : -ENOMEM;
}

/* Never an error: what the break is after the call says whether it moved. */
int call_brk(const uint32_t *a) {
  struct space *space = current->space;
  const uint32_t old_end = page_up(space->break_end), new_end = page_up(a[0]);
  if (a[0] < space->break_start || a[0] > MAPPINGS_TOP) return (int)space->break_end;
  if (new_end > old_end) {
    const struct region region = { NULL, old_end, new_end, PROT_READ | PROT_WRITE | PROT_EXEC, false, false, NULL, 0 };
    if (!space_is_free(space, old_end, new_end) || too_much(new_end - space->break_start, PROT_WRITE)) return (int)space->break_end;
    if (space_add(space, &region)) return (int)space->break_end;
  } else if (new_end < old_end && space_remove(space, new_end, old_end)) {
    return (int)space->break_end;
  }
  space->break_end = a[0];
  return (int)a[0];
}

/* Advice may be ignored; that of dropping pages must not. */
#define MADV_DONTNEED 4u
int call_madvise(const uint32_t *a) {
  struct space *space = current->space;
  if (!range_valid(a[0], a[1])) return -EINVAL;
  const uint32_t end = a[0] + page_up(a[1]);
  if (!covered(space, a[0], end)) return -ENOMEM;
  if (a[2] != MADV_DONTNEED) return 0;
  for (uint32_t at = arch_next_mapped(&space->arch, a[0], end); at < end; at = arch_next_mapped(&space->arch, at + PAGE_BYTES, end)) space_page_drop(space, at);
  return 0;
}

int call_msync(const uint32_t *a) {
  if (a[0] & PAGE_MASK || a[2] & ~MS_SYNC_FLAGS) return -EINVAL;
  return range_valid(a[0], a[1]) && covered(current->space, a[0], a[0] + page_up(a[1])) ? 0 : -ENOMEM;
}
