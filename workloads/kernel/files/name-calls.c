/* System calls that make, remove and move names. */
#include "base/errors.h"
#include "base/text.h"
#include "files/file.h"
#include "files/proc.h"
#include "memory/heap.h"
#include "process/calls.h"
#include "process/process.h"

#define AT_REMOVE_DIRECTORY 0x200u
#define AT_FOLLOW 0x400u

/* Where something new is to be; on success the caller drops the lookup. */
static int place_find(uint32_t base, uint32_t path, bool directory, struct lookup *lookup) {
  int error = path_lookup(base, path, false, lookup);
  if (error) return error;
  if (lookup->inode) error = -EEXIST;
  else if (lookup->slash && !directory) error = -ENOENT;
  else if (lookup->parent->node) error = -EACCES;
  if (error) lookup_drop(lookup);
  return error;
}

static int make_node(uint32_t base, uint32_t path, uint32_t mode, uint32_t device) {
  struct lookup lookup;
  const int error = place_find(base, path, inode_is(&(struct inode){ .mode = mode }, MODE_DIRECTORY), &lookup);
  if (error) return error;
  struct inode *inode = directory_make(lookup.parent, lookup.name, mode & ~current->file_mask);
  if (!is_error(inode)) inode->device = device;
  lookup_drop(&lookup);
  return is_error(inode) ? error_of(inode) : 0;
}

int call_mkdirat(const uint32_t *a) {
  return make_node(a[0], a[1], MODE_DIRECTORY | (a[2] & MODE_RIGHTS), 0);
}

int call_mkdir(const uint32_t *a) {
  return make_node(AT_CURRENT, a[0], MODE_DIRECTORY | (a[1] & MODE_RIGHTS), 0);
}

int call_mknodat(const uint32_t *a) {
  const uint32_t type = a[2] & MODE_TYPE;
  if (type == MODE_DIRECTORY || type == MODE_LINK || type == MODE_SOCKET) return -EINVAL;
  return make_node(a[0], a[1], type ? a[2] : a[2] | MODE_REGULAR, type == MODE_CHARACTER || type == MODE_BLOCK ? a[3] & 0xffff : 0);
}

int call_mknod(const uint32_t *a) {
  const uint32_t b[4] = { AT_CURRENT, a[0], a[1], a[2] };
  return call_mknodat(b);
}

static int symlink(uint32_t target_from, uint32_t base, uint32_t path) {
  struct lookup lookup;
  char *target = text_from_user(target_from);
  if (is_error(target)) return error_of(target);
  int error = *target ? place_find(base, path, false, &lookup) : -ENOENT;
  if (!error) {
    struct inode *inode = directory_make(lookup.parent, lookup.name, MODE_LINK | 0777);
    if (is_error(inode)) error = error_of(inode);
    else if (!(inode->target = heap_text(target))) error = directory_remove(lookup.parent, lookup.name) ? -EIO : -ENOSPC;
    lookup_drop(&lookup);
  }
  heap_free(target);
  return error;
}

int call_symlink(const uint32_t *a) {
  return symlink(a[0], AT_CURRENT, a[1]);
}

int call_symlinkat(const uint32_t *a) {
  return symlink(a[0], a[1], a[2]);
}

int call_linkat(const uint32_t *a) {
  struct lookup lookup;
  struct inode *inode = path_inode(a[0], a[1], a[4] & AT_FOLLOW);
  if (is_error(inode)) return error_of(inode);
  int error = inode_is(inode, MODE_DIRECTORY) ? -EPERM : inode->node ? -EXDEV : place_find(a[2], a[3], false, &lookup);
  if (!error) {
    error = directory_add(lookup.parent, lookup.name, inode);
    lookup_drop(&lookup);
  }
  inode_drop(inode);
  return error;
}

int call_link(const uint32_t *a) {
  const uint32_t b[5] = { AT_CURRENT, a[0], AT_CURRENT, a[1], 0 };
  return call_linkat(b);
}

static int removable(const struct lookup *lookup, bool directory) {
  if (!lookup->inode) return -ENOENT;
  const bool is_directory = inode_is(lookup->inode, MODE_DIRECTORY);
  if (!directory) return is_directory ? -EISDIR : !lookup->parent ? -EBUSY : lookup->inode->node ? -EPERM : 0;
  if (!is_directory) return -ENOTDIR;
  if (!lookup->parent) return lookup->inode == root_directory ? -EBUSY : -EINVAL;
  return directory_empty(lookup->inode) ? 0 : lookup->inode->node ? -EBUSY : -ENOTEMPTY;
}

static int remove(uint32_t base, uint32_t path, bool directory) {
  struct lookup lookup;
  int error = path_lookup(base, path, false, &lookup);
  if (error) return error;
  error = removable(&lookup, directory);
  if (!error) error = directory_remove(lookup.parent, lookup.name);
  lookup_drop(&lookup);
  return error;
}

int call_rmdir(const uint32_t *a) {
  return remove(AT_CURRENT, a[0], true);
}

int call_unlink(const uint32_t *a) {
  return remove(AT_CURRENT, a[0], false);
}

int call_unlinkat(const uint32_t *a) {
  return a[2] & ~AT_REMOVE_DIRECTORY ? -EINVAL : remove(a[0], a[1], a[2]);
}

static bool within(const struct inode *inode, const struct inode *tree) {
  for (; inode; inode = inode->parent) {
    if (inode == tree) return true;
  }
  return false;
}

#define RENAME_NO_REPLACE 1u

static int rename_check(const struct lookup *from, const struct lookup *to, uint32_t flags) {
  if (!from->parent || !to->parent) return -EBUSY;
  if (!from->inode) return -ENOENT;
  if (from->inode->node || to->parent->node) return -EACCES;
  const bool directory = inode_is(from->inode, MODE_DIRECTORY);
  if (directory && within(to->parent, from->inode)) return -EINVAL;
  if (!to->inode) return to->slash && !directory ? -ENOTDIR : 0;
  if (flags & RENAME_NO_REPLACE) return -EEXIST;
  if (inode_is(to->inode, MODE_DIRECTORY) != directory) return directory ? -ENOTDIR : -EISDIR;
  return !directory || to->inode == from->inode || directory_empty(to->inode) ? 0 : -ENOTEMPTY;
}

/* The new name exists before the old one goes, so that memory can run out without loss. */
static int rename_do(struct lookup *from, struct lookup *to) {
  if (from->inode == to->inode) return 0;
  if (to->inode) directory_remove(to->parent, to->name);
  const int error = directory_add(to->parent, to->name, from->inode);
  if (error) return error;
  directory_remove(from->parent, from->name);
  if (inode_is(from->inode, MODE_DIRECTORY)) from->inode->parent = to->parent;
  return 0;
}

int call_renameat2(const uint32_t *a) {
  struct lookup from, to;
  if (a[4] & ~RENAME_NO_REPLACE) return -EINVAL;
  int error = path_lookup(a[0], a[1], false, &from);
  if (error) return error;
  error = path_lookup(a[2], a[3], false, &to);
  if (!error) {
    error = rename_check(&from, &to, a[4]);
    if (!error) error = rename_do(&from, &to);
    lookup_drop(&to);
  }
  lookup_drop(&from);
  return error;
}

int call_renameat(const uint32_t *a) {
  const uint32_t b[5] = { a[0], a[1], a[2], a[3], 0 };
  return call_renameat2(b);
}

int call_rename(const uint32_t *a) {
  const uint32_t b[5] = { AT_CURRENT, a[0], AT_CURRENT, a[1], 0 };
  return call_renameat2(b);
}

static int link_read(struct inode *inode, uint32_t to, uint32_t count) {
  char *text = heap_take_brief(PATH_MOST);
  if (!text) return -ENOMEM;
  int length = -EINVAL;
  if (inode->node) length = proc_target(inode, text);
  else if (inode_is(inode, MODE_LINK)) text_copy(text, inode->target, PATH_MOST), length = (int)text_length(text);
  if (length > 0) length = (int)smaller((uint32_t)length, count);
  if (length > 0 && arch_copy_to_user(to, text, (uint32_t)length)) length = -EFAULT;
  heap_free(text);
  return length;
}

int call_readlinkat(const uint32_t *a) {
  if ((int32_t)a[3] <= 0) return -EINVAL;
  struct inode *inode = path_inode(a[0], a[1], false);
  if (is_error(inode)) return error_of(inode);
  const int length = link_read(inode, a[2], a[3]);
  inode_drop(inode);
  return length;
}

int call_readlink(const uint32_t *a) {
  const uint32_t b[4] = { AT_CURRENT, a[0], a[1], a[2] };
  return call_readlinkat(b);
}

int call_getcwd(const uint32_t *a) {
  char *text = heap_take_brief(PATH_MOST);
  if (!text) return -ENOMEM;
  int result = directory_path(current->directory, text, PATH_MOST);
  if (!result) {
    const uint32_t bytes = text_length(text) + 1;
    result = bytes > a[1] ? -ERANGE : arch_copy_to_user(a[0], text, bytes) ? -EFAULT : (int)bytes;
  }
  heap_free(text);
  return result;
}

static int directory_change(struct inode *inode) {
  if (!inode_is(inode, MODE_DIRECTORY)) {
    inode_drop(inode);
    return -ENOTDIR;
  }
  inode_drop(current->directory);
  current->directory = inode;
  return 0;
}

int call_chdir(const uint32_t *a) {
  struct inode *inode = path_inode(AT_CURRENT, a[0], true);
  return is_error(inode) ? error_of(inode) : directory_change(inode);
}

int call_fchdir(const uint32_t *a) {
  const struct file *file = descriptor_file(a[0]);
  if (!file || !file->inode) return -EBADF;
  inode_share(file->inode);
  return directory_change(file->inode);
}

int call_umask(const uint32_t *a) {
  const uint32_t before = current->file_mask;
  current->file_mask = a[0] & 0777;
  return (int)before;
}

/* ---- Reading directories ---- */

#define ENTRY_BYTES_MOST (NAME_MOST + 32)

/* The record of an entry in the old or the new layout; its length. */
static uint32_t record_make(const struct listing *listing, bool wide, uint8_t *record) {
  const uint32_t length = text_length(listing->name), next = listing->cookie + 1, header = wide ? 19 : 10;
  const uint32_t bytes = (header + length + 2 + 3) & ~3u;
  const uint64_t number64 = listing->number, next64 = next;
  const uint16_t bytes16 = (uint16_t)bytes;
  memset(record, 0, bytes);
  if (wide) {
    memcpy(record, &number64, 8);
    memcpy(record + 8, &next64, 8);
    memcpy(record + 16, &bytes16, 2);
    record[18] = (uint8_t)listing->type;
  } else {
    memcpy(record, &listing->number, 4);
    memcpy(record + 4, &next, 4);
    memcpy(record + 8, &bytes16, 2);
    record[bytes - 1] = (uint8_t)listing->type;
  }
  memcpy(record + header, listing->name, length);
  return bytes;
}

static int list(const uint32_t *a, bool wide) {
  struct file *file = descriptor_file(a[0]);
  struct listing listing;
  uint8_t record[ENTRY_BYTES_MOST];
  uint32_t done = 0;
  if (!file) return -EBADF;
  if (file->kind != &directory_kind) return -ENOTDIR;
  while (directory_list(file->inode, (uint32_t)file->position, &listing)) {
    const uint32_t bytes = record_make(&listing, wide, record);
    if (done + bytes > a[2]) return done ? (int)done : -EINVAL;
    if (arch_copy_to_user(a[1] + done, record, bytes)) return -EFAULT;
    done += bytes;
    file->position = (uint64_t)listing.cookie + 1;
  }
  return (int)done;
}

int call_getdents(const uint32_t *a) {
  return list(a, false);
}

int call_getdents64(const uint32_t *a) {
  return list(a, true);
}

static uint64_t directory_size(const struct file *file) {
  return file->inode->next_cookie;
}

const struct file_kind directory_kind = { .size = directory_size };
