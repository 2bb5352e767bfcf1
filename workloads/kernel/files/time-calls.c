/* System calls that set the times of files. */
#include "base/errors.h"
#include "files/file.h"
#include "process/calls.h"
#include "process/process.h"

#define AT_NO_FOLLOW 0x100u
#define NANOSECONDS_NOW 0x3fffffffu
#define NANOSECONDS_KEEP 0x3ffffffeu

/* Access and modification; null: both now. */
static int times_set(uint32_t base, uint32_t path, const struct moment *times, uint32_t flags) {
  struct inode *inode;
  if (path) {
    inode = path_inode(base, path, !(flags & AT_NO_FOLLOW));
    if (is_error(inode)) return error_of(inode);
  } else {
    const struct file *file = descriptor_file(base);
    if (!file || !file->inode) return -EBADF;
    inode = file->inode;
    inode_share(inode);
  }
  struct moment *fields[2] = { &inode->accessed, &inode->modified };
  for (uint32_t at = 0; at < 2; at++) {
    if (!times || times[at].nanoseconds == NANOSECONDS_NOW) *fields[at] = time_coarse();
    else if (times[at].nanoseconds != NANOSECONDS_KEEP) *fields[at] = times[at];
  }
  inode->changed = time_coarse();
  inode_drop(inode);
  return 0;
}

int call_utime(const uint32_t *a) {
  uint32_t seconds[2];
  if (!a[1]) return times_set(AT_CURRENT, a[0], 0, 0);
  if (arch_copy_from_user(seconds, a[1], sizeof seconds)) return -EFAULT;
  const struct moment times[2] = { { seconds[0], 0 }, { seconds[1], 0 } };
  return times_set(AT_CURRENT, a[0], times, 0);
}

int call_utimes(const uint32_t *a) {
  uint32_t values[4];
  if (!a[1]) return times_set(AT_CURRENT, a[0], 0, 0);
  if (arch_copy_from_user(values, a[1], sizeof values)) return -EFAULT;
  const struct moment times[2] = { { values[0], values[1] * 1000 }, { values[2], values[3] * 1000 } };
  return times_set(AT_CURRENT, a[0], times, 0);
}

int call_utimensat(const uint32_t *a) {
  struct moment times[2];
  if (a[2] && arch_copy_from_user(times, a[2], sizeof times)) return -EFAULT;
  return times_set(a[0], a[1], a[2] ? times : 0, a[3]);
}

int call_utimensat64(const uint32_t *a) {
  uint32_t values[8];
  if (!a[2]) return times_set(a[0], a[1], 0, a[3]);
  if (arch_copy_from_user(values, a[2], sizeof values)) return -EFAULT;
  const struct moment times[2] = { { values[0], values[2] }, { values[4], values[6] } };
  return times_set(a[0], a[1], times, a[3]);
}
