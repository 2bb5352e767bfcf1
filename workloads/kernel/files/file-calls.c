/* System calls on open files. */
#include "base/errors.h"
#include "base/text.h"
#include "files/file.h"
#include "files/pipe.h"
#include "memory/heap.h"
#include "process/calls.h"
#include "process/process.h"

/* The inode that open is to open; made if asked for. */
static struct inode *open_inode(struct lookup *lookup, uint32_t flags, uint32_t mode, bool *made) {
  if (lookup->inode) {
    if (flags & OPEN_CREATE && flags & OPEN_EXCLUSIVE) return error_pointer(-EEXIST);
    return lookup->inode;
  }
  if (!(flags & OPEN_CREATE)) return error_pointer(-ENOENT);
  if (lookup->slash) return error_pointer(-EISDIR);
  if (lookup->parent->node) return error_pointer(-EACCES);
  *made = true;
  return directory_make(lookup->parent, lookup->name, MODE_REGULAR | (mode & MODE_RIGHTS & ~current->file_mask));
}

static struct file *open_lookup(struct lookup *lookup, uint32_t flags, uint32_t mode) {
  bool made = false;
  struct inode *inode = open_inode(lookup, flags, mode, &made);
  if (is_error(inode)) return (struct file *)inode;
  if (flags & OPEN_DIRECTORY && !inode_is(inode, MODE_DIRECTORY)) return error_pointer(-ENOTDIR);
  if (flags & OPEN_PATH && inode_is(inode, MODE_LINK)) return error_pointer(-ELOOP);
  if (inode_is(inode, MODE_DIRECTORY) && flags & OPEN_CREATE) return error_pointer(-EISDIR);
  struct file *file = file_open(inode, flags);
  if (is_error(file)) return file;
  const bool writable = (flags & OPEN_ACCESS) != OPEN_READ_ONLY;
  if (flags & OPEN_TRUNCATE && writable && !made && inode_is(inode, MODE_REGULAR) && !inode->node) inode_resize(inode, 0);
  return file;
}

static int open_at(uint32_t base, uint32_t path, uint32_t flags, uint32_t mode) {
  struct lookup lookup;
  const bool follow = !(flags & OPEN_NO_FOLLOW) && !(flags & OPEN_CREATE && flags & OPEN_EXCLUSIVE);
  const int error = path_lookup(base, path, follow, &lookup);
  if (error) return error;
  struct file *file = open_lookup(&lookup, flags, mode);
  lookup_drop(&lookup);
  return is_error(file) ? error_of(file) : descriptor_add(file, 0, flags & OPEN_CLOSE_ON_EXEC);
}

int call_open(const uint32_t *a) {
  return open_at(AT_CURRENT, a[0], a[1], a[2]);
}

int call_creat(const uint32_t *a) {
  return open_at(AT_CURRENT, a[0], OPEN_CREATE | OPEN_TRUNCATE | OPEN_WRITE_ONLY, a[1]);
}

int call_openat(const uint32_t *a) {
  return open_at(a[0], a[1], a[2], a[3]);
}

int call_close(const uint32_t *a) {
  return descriptor_close(a[0]);
}

int call_close_range(const uint32_t *a) {
  if (a[0] > a[1] || a[2]) return -EINVAL;
  for (uint32_t at = a[0]; at <= smaller(a[1], DESCRIPTORS - 1); at++) descriptor_close(at);
  return 0;
}

/* One piece; the file is held while the call may sleep. */
static int transfer(struct file *file, uint64_t *position, uint32_t address, uint32_t count, bool is_write) {
  const uint32_t forbidden = is_write ? OPEN_READ_ONLY : OPEN_WRITE_ONLY;
  if ((file->flags & OPEN_ACCESS) == forbidden || file->flags & OPEN_PATH) return -EBADF;
  if (file->kind == &directory_kind) return -EISDIR;
  if (!(is_write ? file->kind->write : file->kind->read)) return -EINVAL;
  count = smaller(count, FILE_BYTES_MOST & ~PAGE_MASK);
  file_share(file);
  const int result = (is_write ? file->kind->write : file->kind->read)(file, position, address, count);
  file_drop(file);
  return result;
}

int call_read(const uint32_t *a) {
  struct file *file = descriptor_file(a[0]);
  return file ? transfer(file, &file->position, a[1], a[2], false) : -EBADF;
}

int call_write(const uint32_t *a) {
  struct file *file = descriptor_file(a[0]);
  return file ? transfer(file, &file->position, a[1], a[2], true) : -EBADF;
}

static int at_position(const uint32_t *a, bool is_write) {
  uint64_t position = a[3] | (uint64_t)a[4] << 32;
  struct file *file = descriptor_file(a[0]);
  if (!file) return -EBADF;
  if (!file->kind->size) return -ESPIPE;
  return position >> 63 ? -EINVAL : transfer(file, &position, a[1], a[2], is_write);
}

int call_pread64(const uint32_t *a) {
  return at_position(a, false);
}

int call_pwrite64(const uint32_t *a) {
  return at_position(a, true);
}

#define PIECES_MOST 1024u
struct piece {
  uint32_t address, count;
};

/* A short piece ends the call; an error counts only if nothing was done before it. */
static int pieces_transfer(const uint32_t *a, bool is_write) {
  struct file *file = descriptor_file(a[0]);
  int done = 0;
  if (!file) return -EBADF;
  if (a[2] > PIECES_MOST) return -EINVAL;
  file_share(file);
  for (uint32_t at = 0; at < a[2]; at++) {
    struct piece piece;
    int result = -EFAULT;
    if (!arch_copy_from_user(&piece, a[1] + at * sizeof piece, sizeof piece)) {
      result = piece.count > FILE_BYTES_MOST ? -EINVAL : transfer(file, &file->position, piece.address, piece.count, is_write);
    }
    if (result < 0) {
      if (!done) done = result;
      break;
    }
    done += result;
    if ((uint32_t)result < piece.count) break;
  }
  file_drop(file);
  return done;
}

int call_readv(const uint32_t *a) {
  return pieces_transfer(a, false);
}

int call_writev(const uint32_t *a) {
  return pieces_transfer(a, true);
}

static int64_t seek(struct file *file, int64_t offset, uint32_t from) {
  if (!file->kind->size) return -ESPIPE;
  if (from == 1) offset += (int64_t)file->position;
  else if (from == 2) offset += (int64_t)file->kind->size(file);
  else if (from != 0) return -EINVAL;
  if (offset < 0) return -EINVAL;
  file->position = (uint64_t)offset;
  return offset;
}

int call_lseek(const uint32_t *a) {
  struct file *file = descriptor_file(a[0]);
  if (!file) return -EBADF;
  const int64_t position = seek(file, (int32_t)a[1], a[2]);
  return position > INT32_MAX ? -EOVERFLOW : (int)position;
}

int call_llseek(const uint32_t *a) {
  struct file *file = descriptor_file(a[0]);
  if (!file) return -EBADF;
  const int64_t position = seek(file, (int64_t)((uint64_t)a[1] << 32 | a[2]), a[4]);
  if (position < 0) return (int)position;
  return arch_copy_to_user(a[3], &position, sizeof position) ? -EFAULT : 0;
}

int call_dup(const uint32_t *a) {
  struct file *file = descriptor_file(a[0]);
  if (!file) return -EBADF;
  file_share(file);
  return descriptor_add(file, 0, false);
}

static int duplicate_to(uint32_t from, uint32_t to, bool close_on_exec) {
  struct file *file = descriptor_file(from);
  if (!file || to >= smaller(DESCRIPTORS, current->limits[LIMIT_FILES].soft)) return -EBADF;
  file_share(file);
  descriptor_put(to, file, close_on_exec);
  return (int)to;
}

int call_dup2(const uint32_t *a) {
  return a[0] == a[1] && descriptor_file(a[0]) ? (int)a[0] : duplicate_to(a[0], a[1], false);
}

int call_dup3(const uint32_t *a) {
  return a[0] == a[1] || a[2] & ~OPEN_CLOSE_ON_EXEC ? -EINVAL : duplicate_to(a[0], a[1], a[2] & OPEN_CLOSE_ON_EXEC);
}

#define FCNTL_DUPLICATE 0u
#define FCNTL_GET_DESCRIPTOR 1u
#define FCNTL_SET_DESCRIPTOR 2u
#define FCNTL_GET_FLAGS 3u
#define FCNTL_SET_FLAGS 4u
#define FCNTL_SET_LOCK 6u
#define FCNTL_SET_LOCK_WAIT 7u
#define FCNTL_SET_LOCK_64 13u
#define FCNTL_SET_LOCK_WAIT_64 14u
#define FCNTL_DUPLICATE_CLOSE 1030u
#define OPEN_LARGE 0100000u

static int descriptor_flags(uint32_t descriptor, bool set, bool close_on_exec) {
  uint32_t *word = &current->files->close_on_exec[descriptor / 32];
  const uint32_t bit = 1u << descriptor % 32;
  if (!set) return *word & bit ? 1 : 0;
  *word = close_on_exec ? *word | bit : *word & ~bit;
  return 0;
}

int call_fcntl64(const uint32_t *a) {
  struct file *file = descriptor_file(a[0]);
  if (!file) return -EBADF;
  switch (a[1]) {
    case FCNTL_DUPLICATE: case FCNTL_DUPLICATE_CLOSE:
      if (a[2] >= DESCRIPTORS) return -EINVAL;
      file_share(file);
      return descriptor_add(file, a[2], a[1] == FCNTL_DUPLICATE_CLOSE);
    case FCNTL_GET_DESCRIPTOR: return descriptor_flags(a[0], false, false);
    case FCNTL_SET_DESCRIPTOR: return descriptor_flags(a[0], true, a[2] & 1);
    case FCNTL_GET_FLAGS: return (int)(file->flags | OPEN_LARGE);
    case FCNTL_SET_FLAGS:
      file->flags = (file->flags & ~OPEN_CHANGEABLE) | (a[2] & OPEN_CHANGEABLE);
      return 0;
    /* Locks are always granted: nobody checks them. */
    case FCNTL_SET_LOCK: case FCNTL_SET_LOCK_WAIT: case FCNTL_SET_LOCK_64: case FCNTL_SET_LOCK_WAIT_64: return 0;
    default: return -EINVAL;
  }
}

int call_fcntl(const uint32_t *a) {
  return call_fcntl64(a);
}

#define REQUEST_NON_BLOCKING 0x5421u
#define REQUEST_CLOSE_ON_EXEC 0x5451u
#define REQUEST_KEEP_ON_EXEC 0x5450u

int call_ioctl(const uint32_t *a) {
  struct file *file = descriptor_file(a[0]);
  uint32_t value;
  if (!file) return -EBADF;
  if (a[1] == REQUEST_CLOSE_ON_EXEC || a[1] == REQUEST_KEEP_ON_EXEC) return descriptor_flags(a[0], true, a[1] == REQUEST_CLOSE_ON_EXEC);
  if (a[1] == REQUEST_NON_BLOCKING) {
    if (arch_copy_from_user(&value, a[2], sizeof value)) return -EFAULT;
    file->flags = value ? file->flags | OPEN_NON_BLOCKING : file->flags & ~OPEN_NON_BLOCKING;
    return 0;
  }
  return file->kind->control ? file->kind->control(file, a[1], a[2]) : -ENOTTY;
}

static int pipe_call(uint32_t to, uint32_t flags) {
  struct file *ends[2];
  if (flags & ~(OPEN_CLOSE_ON_EXEC | OPEN_NON_BLOCKING)) return -EINVAL;
  int error = pipe_make(&ends[0], &ends[1], flags & OPEN_NON_BLOCKING);
  if (error) return error;
  const int descriptors[2] = { descriptor_add(ends[0], 0, flags & OPEN_CLOSE_ON_EXEC), descriptor_add(ends[1], 0, flags & OPEN_CLOSE_ON_EXEC) };
  error = descriptors[0] < 0 || descriptors[1] < 0 ? -EMFILE : arch_copy_to_user(to, descriptors, sizeof descriptors) ? -EFAULT : 0;
  if (!error) return 0;
  if (descriptors[0] >= 0) descriptor_close((uint32_t)descriptors[0]);
  if (descriptors[1] >= 0) descriptor_close((uint32_t)descriptors[1]);
  return error;
}

int call_pipe(const uint32_t *a) {
  return pipe_call(a[0], 0);
}

int call_pipe2(const uint32_t *a) {
  return pipe_call(a[0], a[1]);
}

static int resize(struct inode *inode, uint64_t size) {
  if (inode_is(inode, MODE_DIRECTORY)) return -EISDIR;
  if (!inode_is(inode, MODE_REGULAR) || inode->node || size >> 63) return -EINVAL;
  if (inode->executions > 0) return -ETXTBSY;
  return size > FILE_BYTES_MOST ? -EFBIG : inode_resize(inode, (uint32_t)size);
}

static int truncate_path(uint32_t path, uint64_t size) {
  struct inode *inode = path_inode(AT_CURRENT, path, true);
  if (is_error(inode)) return error_of(inode);
  const int error = resize(inode, size);
  inode_drop(inode);
  return error;
}

static int truncate_file(uint32_t descriptor, uint64_t size) {
  const struct file *file = descriptor_file(descriptor);
  if (!file) return -EBADF;
  if (!file->inode || (file->flags & OPEN_ACCESS) == OPEN_READ_ONLY) return -EINVAL;
  return resize(file->inode, size);
}

int call_truncate(const uint32_t *a) {
  return truncate_path(a[0], (uint64_t)(int32_t)a[1]);
}

int call_truncate64(const uint32_t *a) {
  return truncate_path(a[0], a[1] | (uint64_t)a[2] << 32);
}

int call_ftruncate(const uint32_t *a) {
  return truncate_file(a[0], (uint64_t)(int32_t)a[1]);
}

int call_ftruncate64(const uint32_t *a) {
  return truncate_file(a[0], a[1] | (uint64_t)a[2] << 32);
}

int call_fsync(const uint32_t *a) {
  return descriptor_file(a[0]) ? 0 : -EBADF;
}
