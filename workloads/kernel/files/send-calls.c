/* sendfile: from a file in memory to any other, page by page. */
#include "base/errors.h"
#include "base/text.h"
#include "files/file.h"
#include "process/calls.h"
#include "process/process.h"

/*
 * Files write from user memory only. What is to be sent is mapped for the moment of the call where the program has nothing: in a region
 * of its own, so that every kind of file can be written to.
 */
static int send_mapped(struct file *to, struct file *from, uint32_t at, uint32_t count) {
  const uint32_t bytes = page_up((at & PAGE_MASK) + count), start = space_find(current->space, bytes);
  if (!start) return -ENOMEM;
  const struct region region = { NULL, start, start + bytes, PROT_READ, false, false, from->inode, at >> PAGE_SHIFT };
  int result = space_add(current->space, &region);
  if (result) return result;
  result = to->kind->write(to, &to->position, start + (at & PAGE_MASK), count);
  space_remove(current->space, start, start + bytes);
  return result;
}

#define SEND_BYTES_MOST 0x10000u

static int send(struct file *to, struct file *from, uint64_t *position, uint32_t count) {
  int done = 0;
  while (count > 0 && *position < from->inode->size) {
    const uint32_t part = smaller(smaller(count, SEND_BYTES_MOST), from->inode->size - (uint32_t)*position);
    const int result = send_mapped(to, from, (uint32_t)*position, part);
    if (result <= 0) return done ? done : result;
    done += result;
    *position += (uint32_t)result;
    count -= (uint32_t)result;
  }
  return done;
}

static int send_call(const uint32_t *a, uint32_t position_bytes) {
  struct file *to = descriptor_file(a[0]), *from = descriptor_file(a[1]);
  uint64_t given = 0, *position = a[2] ? &given : from ? &from->position : NULL;
  if (!to || !from || (to->flags & OPEN_ACCESS) == OPEN_READ_ONLY || (from->flags & OPEN_ACCESS) == OPEN_WRITE_ONLY) return -EBADF;
  if (from->kind != &regular_kind || !to->kind->write) return -EINVAL;
  if (a[2] && arch_copy_from_user(&given, a[2], position_bytes)) return -EFAULT;
  file_share(to);
  file_share(from);
  const int result = send(to, from, position, smaller(a[3], INT32_MAX));
  file_drop(to);
  file_drop(from);
  return a[2] && arch_copy_to_user(a[2], &given, position_bytes) ? -EFAULT : result;
}

int call_sendfile(const uint32_t *a) {
  return send_call(a, sizeof(uint32_t));
}

int call_sendfile64(const uint32_t *a) {
  return send_call(a, sizeof(uint64_t));
}
