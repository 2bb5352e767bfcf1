/* System calls that describe files. */
#include "base/errors.h"
#include "base/text.h"
#include "files/file.h"
#include "memory/frames.h"
#include "process/calls.h"
#include "process/process.h"

#define FILE_SYSTEM_DEVICE 1u
#define FILE_SYSTEM_MAGIC 0x01021994u
#define UNIT_BYTES 512u
#define AT_NO_FOLLOW 0x100u
#define AT_EMPTY_PATH 0x1000u

struct stat_image {
  uint32_t device, number;
  uint16_t mode, links, user, group;
  uint32_t node, size, block_bytes, blocks;
  struct moment accessed, modified, changed;
  uint32_t unused[2];
};
struct stat64_image {
  uint64_t device;
  uint32_t padding, short_number, mode, links, user, group;
  uint64_t node;
  uint32_t padding2;
  uint64_t size;
  uint32_t block_bytes;
  uint64_t blocks;
  struct moment accessed, modified, changed;
  uint64_t number;
} __attribute__((packed));
_Static_assert(sizeof(struct stat_image) == 64 && sizeof(struct stat64_image) == 96, "struct stat and stat64 of i386");

static uint32_t size_of(const struct inode *inode) {
  return inode_is(inode, MODE_LINK) && inode->target ? text_length(inode->target) : inode->size;
}

static uint32_t units_of(const struct inode *inode) {
  return inode_is(inode, MODE_REGULAR) ? page_up(inode->size) / UNIT_BYTES : 0;
}

static int stat_show(const struct inode *inode, uint32_t to) {
  const struct stat_image image = {
    FILE_SYSTEM_DEVICE, inode->number, (uint16_t)inode->mode, (uint16_t)inode->links, (uint16_t)inode->user, (uint16_t)inode->group,
    inode->device, size_of(inode), PAGE_BYTES, units_of(inode), inode->accessed, inode->modified, inode->changed, { 0, 0 },
  };
  return arch_copy_to_user(to, &image, sizeof image) ? -EFAULT : 0;
}

static int stat64_show(const struct inode *inode, uint32_t to) {
  const struct stat64_image image = {
    FILE_SYSTEM_DEVICE, 0, inode->number, inode->mode, inode->links, inode->user, inode->group, inode->device, 0, size_of(inode),
    PAGE_BYTES, units_of(inode), inode->accessed, inode->modified, inode->changed, inode->number,
  };
  return arch_copy_to_user(to, &image, sizeof image) ? -EFAULT : 0;
}

typedef int (*show_function)(const struct inode *inode, uint32_t to);

static int show_path(uint32_t base, uint32_t path, bool follow, uint32_t to, show_function show) {
  struct inode *inode = path_inode(base, path, follow);
  if (is_error(inode)) return error_of(inode);
  const int error = show(inode, to);
  inode_drop(inode);
  return error;
}

static int show_file(uint32_t descriptor, uint32_t to, show_function show) {
  const struct file *file = descriptor_file(descriptor);
  return file && file->inode ? show(file->inode, to) : -EBADF;
}

/* With AT_EMPTY_PATH and an empty path the descriptor itself is meant. */
static int show_at(uint32_t base, uint32_t path, uint32_t flags, uint32_t to, show_function show) {
  char first = 0;
  if (flags & AT_EMPTY_PATH) {
    if (path && arch_copy_from_user(&first, path, 1)) return -EFAULT;
    if (!first && base != AT_CURRENT) return show_file(base, to, show);
    if (!first) return show(current->directory, to);
  }
  return show_path(base, path, !(flags & AT_NO_FOLLOW), to, show);
}

int call_stat(const uint32_t *a) {
  return show_path(AT_CURRENT, a[0], true, a[1], stat_show);
}

int call_lstat(const uint32_t *a) {
  return show_path(AT_CURRENT, a[0], false, a[1], stat_show);
}

int call_fstat(const uint32_t *a) {
  return show_file(a[0], a[1], stat_show);
}

int call_stat64(const uint32_t *a) {
  return show_path(AT_CURRENT, a[0], true, a[1], stat64_show);
}

int call_lstat64(const uint32_t *a) {
  return show_path(AT_CURRENT, a[0], false, a[1], stat64_show);
}

int call_fstat64(const uint32_t *a) {
  return show_file(a[0], a[1], stat64_show);
}

int call_fstatat64(const uint32_t *a) {
  return show_at(a[0], a[1], a[3], a[2], stat64_show);
}

struct statx_time {
  int64_t seconds;
  uint32_t nanoseconds, padding;
};
struct statx_image {
  uint32_t mask, block_bytes;
  uint64_t attributes;
  uint32_t links, user, group;
  uint16_t mode, padding;
  uint64_t number, size, blocks, attributes_mask;
  struct statx_time accessed, born, changed, modified;
  uint32_t node_major, node_minor, device_major, device_minor;
  uint64_t unused[14];
};
_Static_assert(sizeof(struct statx_image) == 256, "struct statx");
#define STATX_BASIC 0x7ffu

static struct statx_time wide(struct moment moment) {
  return (struct statx_time){ moment.seconds, moment.nanoseconds, 0 };
}

static int statx_show(const struct inode *inode, uint32_t to) {
  const struct statx_image image = {
    .mask = STATX_BASIC, .block_bytes = PAGE_BYTES, .links = inode->links, .user = inode->user, .group = inode->group,
    .mode = (uint16_t)inode->mode, .number = inode->number, .size = size_of(inode), .blocks = units_of(inode),
    .accessed = wide(inode->accessed), .changed = wide(inode->changed), .modified = wide(inode->modified),
    .node_major = inode->device >> 8, .node_minor = inode->device & 0xff, .device_minor = FILE_SYSTEM_DEVICE,
  };
  return arch_copy_to_user(to, &image, sizeof image) ? -EFAULT : 0;
}

int call_statx(const uint32_t *a) {
  return show_at(a[0], a[1], a[2], a[4], statx_show);
}

struct statfs_image {
  uint32_t magic, block_bytes, blocks, free, available, files, files_free, id[2], name_most, fragment_bytes, flags, unused[4];
};
struct statfs64_image {
  uint32_t magic, block_bytes;
  uint64_t blocks, free, available, files, files_free;
  uint32_t id[2], name_most, fragment_bytes, flags, unused[4];
} __attribute__((packed));

static int statfs_show(const struct inode *inode, uint32_t to) {
  const uint32_t total = inode->node ? 0 : inode_space(), free = inode->node ? 0 : total - inode_space_used();
  const struct statfs_image image = {
    FILE_SYSTEM_MAGIC, PAGE_BYTES, total, free, free, inode_count(), frames_free(), { 0, 0 }, NAME_MOST, PAGE_BYTES, 0, { 0 },
  };
  return arch_copy_to_user(to, &image, sizeof image) ? -EFAULT : 0;
}

static int statfs64_show(const struct inode *inode, uint32_t to) {
  const uint32_t total = inode->node ? 0 : inode_space(), free = inode->node ? 0 : total - inode_space_used();
  const struct statfs64_image image = {
    FILE_SYSTEM_MAGIC, PAGE_BYTES, total, free, free, inode_count(), frames_free(), { 0, 0 }, NAME_MOST, PAGE_BYTES, 0, { 0 },
  };
  return arch_copy_to_user(to, &image, sizeof image) ? -EFAULT : 0;
}

int call_statfs(const uint32_t *a) {
  return show_path(AT_CURRENT, a[0], true, a[1], statfs_show);
}

int call_fstatfs(const uint32_t *a) {
  return show_file(a[0], a[1], statfs_show);
}

/* The second argument is the size of the structure. */
int call_statfs64(const uint32_t *a) {
  return a[1] == sizeof(struct statfs64_image) ? show_path(AT_CURRENT, a[0], true, a[2], statfs64_show) : -EINVAL;
}

int call_fstatfs64(const uint32_t *a) {
  return a[1] == sizeof(struct statfs64_image) ? show_file(a[0], a[2], statfs64_show) : -EINVAL;
}

#define ACCESS_EXECUTE 1u
#define ACCESS_ALL 7u

/* Programs run as root, who may everything but execute what nobody may. */
static int access(uint32_t base, uint32_t path, uint32_t wanted) {
  if (wanted & ~ACCESS_ALL) return -EINVAL;
  struct inode *inode = path_inode(base, path, true);
  if (is_error(inode)) return error_of(inode);
  const bool allowed = !(wanted & ACCESS_EXECUTE) || inode_is(inode, MODE_DIRECTORY) || inode->mode & MODE_EXECUTE;
  inode_drop(inode);
  return allowed ? 0 : -EACCES;
}

int call_access(const uint32_t *a) {
  return access(AT_CURRENT, a[0], a[1]);
}

int call_faccessat(const uint32_t *a) {
  return access(a[0], a[1], a[2]);
}

static int mode_set(struct inode *inode, uint32_t mode) {
  inode->mode = (inode->mode & MODE_TYPE) | (mode & MODE_RIGHTS);
  inode->changed = time_coarse();
  return 0;
}

static int mode_set_path(uint32_t base, uint32_t path, uint32_t mode) {
  struct inode *inode = path_inode(base, path, true);
  if (is_error(inode)) return error_of(inode);
  mode_set(inode, mode);
  inode_drop(inode);
  return 0;
}

int call_chmod(const uint32_t *a) {
  return mode_set_path(AT_CURRENT, a[0], a[1]);
}

int call_fchmodat(const uint32_t *a) {
  return mode_set_path(a[0], a[1], a[2]);
}

int call_fchmod(const uint32_t *a) {
  const struct file *file = descriptor_file(a[0]);
  return file && file->inode ? mode_set(file->inode, a[1]) : -EBADF;
}

#define OWNER_KEEP 0xffffffffu
static int owner_set(struct inode *inode, uint32_t user, uint32_t group) {
  if (user != OWNER_KEEP) inode->user = user;
  if (group != OWNER_KEEP) inode->group = group;
  return 0;
}

static int owner_set_path(uint32_t base, uint32_t path, const uint32_t *owners, bool follow) {
  struct inode *inode = path_inode(base, path, follow);
  if (is_error(inode)) return error_of(inode);
  owner_set(inode, owners[0], owners[1]);
  inode_drop(inode);
  return 0;
}

int call_chown(const uint32_t *a) {
  return owner_set_path(AT_CURRENT, a[0], a + 1, true);
}

int call_fchownat(const uint32_t *a) {
  return owner_set_path(a[0], a[1], a + 2, !(a[4] & AT_NO_FOLLOW));
}

int call_fchown(const uint32_t *a) {
  const struct file *file = descriptor_file(a[0]);
  return file && file->inode ? owner_set(file->inode, a[1], a[2]) : -EBADF;
}
