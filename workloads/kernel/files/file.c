#include "files/file.h"

#include "base/errors.h"
#include "base/text.h"
#include "files/pipe.h"
#include "files/proc.h"
#include "kernel.h"
#include "memory/frames.h"
#include "memory/heap.h"
#include "process/process.h"

static bool file_writes(const struct file *file) {
  return (file->flags & OPEN_ACCESS) != OPEN_READ_ONLY;
}

struct file *file_make(const struct file_kind *kind, struct inode *inode, uint32_t flags) {
  struct file *file = heap_take(sizeof *file);
  if (!file) return error_pointer(-ENOMEM);
  file->kind = kind;
  file->references = 1;
  file->flags = flags & ~(OPEN_CREATE | OPEN_EXCLUSIVE | OPEN_TRUNCATE | OPEN_NO_TERMINAL | OPEN_CLOSE_ON_EXEC);
  file->inode = inode;
  if (inode) inode_share(inode);
  if (inode && file_writes(file)) inode->writers++;
  return file;
}

static const struct file_kind *device_kind(uint32_t device) {
  switch (device) {
    case DEVICE_NULL: return &null_kind;
    case DEVICE_ZERO: return &zero_kind;
    case DEVICE_FULL: return &full_kind;
    case DEVICE_RANDOM: case DEVICE_URANDOM: return &random_kind;
    /* Connected by streams, a program has no controlling terminal. */
    case DEVICE_TTY: return kernel_options.framed ? NULL : &terminal_kind;
    case DEVICE_CONSOLE: case DEVICE_SERIAL: return &terminal_kind;
    case DEVICE_MARKER: return &marker_kind;
    case DEVICE_HOST_INPUT: return &host_input_kind;
    case DEVICE_HOST_OUTPUT: return &host_output_kind;
    case DEVICE_HOST_ERROR: return &host_error_kind;
    case DEVICE_DISK: return arch_disk_sectors() ? &disk_kind : NULL;
    default: return NULL;
  }
}

struct file *file_open(struct inode *inode, uint32_t flags) {
  switch (inode->mode & MODE_TYPE) {
    case MODE_REGULAR:
      if (inode->executions > 0 && (flags & OPEN_ACCESS) != OPEN_READ_ONLY) return error_pointer(-ETXTBSY);
      return inode->node ? proc_open(inode, flags) : file_make(&regular_kind, inode, flags);
    case MODE_DIRECTORY: return (flags & OPEN_ACCESS) == OPEN_READ_ONLY ? file_make(&directory_kind, inode, flags) : error_pointer(-EISDIR);
    case MODE_PIPE: return pipe_open(inode, flags);
    case MODE_LINK: return error_pointer(-ELOOP);
    case MODE_CHARACTER: case MODE_BLOCK: break;
    default: return error_pointer(-ENXIO);
  }
  const struct file_kind *kind = device_kind(inode->device);
  return kind ? file_make(kind, inode, flags) : error_pointer(-ENXIO);
}

void file_share(struct file *file) {
  file->references++;
}

void file_drop(struct file *file) {
  if (--file->references > 0) return;
  if (file->kind->release) file->kind->release(file);
  if (file->inode && file_writes(file)) file->inode->writers--;
  if (file->inode) inode_drop(file->inode);
  heap_free(file->text);
  heap_free(file);
}

struct files *files_make(void) {
  return heap_take(sizeof(struct files));
}

struct files *files_copy(const struct files *files) {
  struct files *copy = heap_take(sizeof *copy);
  if (!copy) return NULL;
  memcpy(copy, files, sizeof *copy);
  for (uint32_t at = 0; at < DESCRIPTORS; at++) {
    if (copy->open[at]) file_share(copy->open[at]);
  }
  return copy;
}

void files_drop(struct files *files) {
  for (uint32_t at = 0; at < DESCRIPTORS; at++) {
    struct file *file = files->open[at];
    files->open[at] = NULL;
    if (file) file_drop(file);
  }
  heap_free(files);
}

static bool marked(const struct files *files, uint32_t descriptor) {
  return files->close_on_exec[descriptor / 32] >> descriptor % 32 & 1;
}

static void mark(struct files *files, uint32_t descriptor, bool value) {
  const uint32_t bit = 1u << descriptor % 32;
  if (value) files->close_on_exec[descriptor / 32] |= bit;
  else files->close_on_exec[descriptor / 32] &= ~bit;
}

void files_close_on_exec(struct files *files) {
  for (uint32_t at = 0; at < DESCRIPTORS; at++) {
    if (files->open[at] && marked(files, at)) descriptor_close(at);
  }
}

struct file *descriptor_file(uint32_t descriptor) {
  return descriptor < DESCRIPTORS ? current->files->open[descriptor] : NULL;
}

int descriptor_add(struct file *file, uint32_t least, bool close_on_exec) {
  struct files *files = current->files;
  const uint32_t most = smaller(DESCRIPTORS, current->limits[LIMIT_FILES].soft);
  for (uint32_t at = least; at < most; at++) {
    if (files->open[at]) continue;
    files->open[at] = file;
    mark(files, at, close_on_exec);
    return (int)at;
  }
  file_drop(file);
  return -EMFILE;
}

void descriptor_put(uint32_t descriptor, struct file *file, bool close_on_exec) {
  descriptor_close(descriptor);
  current->files->open[descriptor] = file;
  mark(current->files, descriptor, close_on_exec);
}

int descriptor_close(uint32_t descriptor) {
  struct file *file = descriptor_file(descriptor);
  if (!file) return -EBADF;
  current->files->open[descriptor] = NULL;
  mark(current->files, descriptor, false);
  file_drop(file);
  return 0;
}

/* ---- Regular files ---- */

static int regular_read(struct file *file, uint64_t *position, uint32_t to, uint32_t count) {
  struct inode *inode = file->inode;
  if (*position >= inode->size) return 0;
  uint32_t at = (uint32_t)*position, done = 0;
  count = smaller(count, inode->size - at);
  while (done < count) {
    const uint32_t offset = at & PAGE_MASK, part = smaller(count - done, PAGE_BYTES - offset);
    const uint8_t *page = arch_frame_address(inode_page(inode, at >> PAGE_SHIFT, false));
    const uint32_t left = arch_copy_to_user(to + done, page + offset, part);
    done += part - left;
    at += part - left;
    if (left) break;
  }
  *position = at;
  return done || count == 0 ? (int)done : -EFAULT;
}

static int write_page(struct inode *inode, uint32_t at, uint32_t from, uint32_t count, uint32_t *written) {
  const uint32_t frame = inode_page(inode, at >> PAGE_SHIFT, true);
  if (frame == NO_FRAME) return -ENOSPC;
  *written = count - arch_copy_from_user((uint8_t *)arch_frame_address(frame) + (at & PAGE_MASK), from, count);
  return *written < count ? -EFAULT : 0;
}

static int regular_write(struct file *file, uint64_t *position, uint32_t from, uint32_t count) {
  struct inode *inode = file->inode;
  if (file->flags & OPEN_APPEND) *position = inode->size;
  if (*position + count > FILE_BYTES_MOST) return -EFBIG;
  uint32_t at = (uint32_t)*position, done = 0;
  int error = 0;
  while (done < count && !error) {
    uint32_t written = 0;
    error = write_page(inode, at, from + done, smaller(count - done, PAGE_BYTES - (at & PAGE_MASK)), &written);
    done += written;
    at += written;
  }
  if (done) {
    inode->size = larger(inode->size, at);
    inode_touch(inode);
  }
  *position = at;
  return done || !error ? (int)done : error;
}

static uint64_t regular_size(const struct file *file) {
  return file->inode->size;
}

const struct file_kind regular_kind = { .read = regular_read, .write = regular_write, .size = regular_size };
