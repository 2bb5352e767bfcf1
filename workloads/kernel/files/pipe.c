#include "files/pipe.h"

#include "base/errors.h"
#include "memory/frames.h"
#include "memory/heap.h"
#include "process/process.h"

/* As under Linux: 64 KB, and no write of up to 4 KB is torn (PIPE_BUF). */
#define PIPE_PAGES 16u
#define PIPE_BYTES (PIPE_PAGES * PAGE_BYTES)
#define WHOLE_BYTES 4096u
#define REQUEST_BYTES_READY 0x541bu

struct pipe {
  uint32_t reader_opens, writer_opens, readers, writers;
  /* Positions count on for ever; the byte is at the position modulo PIPE_BYTES. */
  uint32_t taken, put;
  uint8_t *pages[PIPE_PAGES];
  struct wait_queue read_wait, write_wait;
};

void pipe_free(struct pipe *pipe) {
  for (uint32_t page = 0; page < PIPE_PAGES; page++) heap_free(pipe->pages[page]);
  heap_free(pipe);
}

static uint8_t *page_at(struct pipe *pipe, uint32_t position) {
  uint8_t **page = &pipe->pages[position % PIPE_BYTES / PAGE_BYTES];
  if (!*page) *page = heap_take(PAGE_BYTES);
  return *page;
}

static uint32_t filled(const struct pipe *pipe) {
  return pipe->put - pipe->taken;
}

static int take(struct pipe *pipe, uint32_t to, uint32_t count) {
  uint32_t done = 0;
  while (done < count && filled(pipe)) {
    const uint32_t offset = pipe->taken & PAGE_MASK, part = smaller(smaller(count - done, filled(pipe)), PAGE_BYTES - offset);
    const uint32_t left = arch_copy_to_user(to + done, page_at(pipe, pipe->taken) + offset, part);
    done += part - left;
    pipe->taken += part - left;
    if (left) return done ? (int)done : -EFAULT;
  }
  /* An empty pipe starts over in its first page, so that most need only one. */
  if (!filled(pipe)) pipe->taken = pipe->put = 0;
  return (int)done;
}

static int pipe_read(struct file *file, uint64_t *position, uint32_t to, uint32_t count) {
  struct pipe *pipe = file->inode->pipe;
  (void)position;
  if (count == 0) return 0;
  while (!filled(pipe)) {
    if (!pipe->writers) return 0;
    if (file->flags & OPEN_NON_BLOCKING) return -EAGAIN;
    const int error = wait_on(&pipe->read_wait);
    if (error) return error;
  }
  const int result = take(pipe, to, count);
  wake_all(&pipe->write_wait);
  return result;
}

static int put(struct pipe *pipe, uint32_t from, uint32_t count) {
  const uint32_t offset = pipe->put & PAGE_MASK, part = smaller(smaller(count, PIPE_BYTES - filled(pipe)), PAGE_BYTES - offset);
  uint8_t *page = page_at(pipe, pipe->put);
  if (!page) return -ENOMEM;
  const uint32_t done = part - arch_copy_from_user(page + offset, from, part);
  pipe->put += done;
  return done ? (int)done : -EFAULT;
}

static int broken(void) {
  signal_send(current, SIGPIPE, (struct signal_information){ CODE_USER, current->pid, 0 });
  return -EPIPE;
}

static int pipe_write(struct file *file, uint64_t *position, uint32_t from, uint32_t count) {
  struct pipe *pipe = file->inode->pipe;
  uint32_t done = 0;
  int error = 0;
  (void)position;
  while (done < count && !error) {
    if (!pipe->readers) return done ? (int)done : broken();
    const uint32_t needed = count <= WHOLE_BYTES ? count - done : 1;
    if (PIPE_BYTES - filled(pipe) < needed) {
      error = file->flags & OPEN_NON_BLOCKING ? -EAGAIN : wait_on(&pipe->write_wait);
      continue;
    }
    const int result = put(pipe, from + done, count - done);
    if (result < 0) error = result;
    else done += (uint32_t)result;
    wake_all(&pipe->read_wait);
  }
  return done ? (int)done : error;
}

static bool reads(const struct file *file) {
  return (file->flags & OPEN_ACCESS) != OPEN_WRITE_ONLY;
}

static bool writes(const struct file *file) {
  return (file->flags & OPEN_ACCESS) != OPEN_READ_ONLY;
}

static uint32_t pipe_poll(struct file *file) {
  const struct pipe *pipe = file->inode->pipe;
  uint32_t ready = 0;
  if (reads(file)) ready |= (filled(pipe) ? POLL_IN : 0) | (pipe->writers ? 0 : POLL_HANG_UP);
  if (writes(file)) ready |= (PIPE_BYTES - filled(pipe) >= WHOLE_BYTES ? POLL_OUT : 0) | (pipe->readers ? 0 : POLL_ERROR);
  return ready;
}

static int pipe_control(struct file *file, uint32_t request, uint32_t argument) {
  const uint32_t count = filled(file->inode->pipe);
  if (request != REQUEST_BYTES_READY) return -ENOTTY;
  return arch_copy_to_user(argument, &count, sizeof count) ? -EFAULT : 0;
}

static void pipe_release(struct file *file) {
  struct pipe *pipe = file->inode->pipe;
  if (reads(file)) pipe->readers--;
  if (writes(file)) pipe->writers--;
  wake_all(&pipe->read_wait);
  wake_all(&pipe->write_wait);
}

const struct file_kind pipe_kind = { .read = pipe_read, .write = pipe_write, .poll = pipe_poll, .control = pipe_control, .release = pipe_release };

static struct file *end_make(struct inode *inode, uint32_t flags) {
  struct file *file = file_make(&pipe_kind, inode, flags);
  if (is_error(file)) return file;
  if (reads(file)) inode->pipe->readers++, inode->pipe->reader_opens++;
  if (writes(file)) inode->pipe->writers++, inode->pipe->writer_opens++;
  return file;
}

int pipe_make(struct file **reader, struct file **writer, uint32_t flags) {
  struct inode *inode = inode_make(MODE_PIPE | 0600);
  if (!inode) return -ENFILE;
  inode->pipe = heap_take(sizeof *inode->pipe);
  *reader = inode->pipe ? end_make(inode, OPEN_READ_ONLY | flags) : error_pointer(-ENFILE);
  *writer = is_error(*reader) ? *reader : end_make(inode, OPEN_WRITE_ONLY | flags);
  if (is_error(*writer) && !is_error(*reader)) file_drop(*reader);
  const int error = is_error(*writer) ? error_of(*writer) : 0;
  inode_drop(inode);
  return error;
}

/* That the other end has been opened counts, even if it is closed again when this process gets to run, and whatever signals wait. */
static int partner_wait(struct pipe *pipe, uint32_t flags) {
  const bool reading = (flags & OPEN_ACCESS) == OPEN_READ_ONLY;
  const uint32_t *opens = reading ? &pipe->writer_opens : &pipe->reader_opens, before = *opens;
  if (flags & OPEN_NON_BLOCKING || (reading ? pipe->writers : pipe->readers)) return 0;
  while (*opens == before) {
    const int error = wait_on(reading ? &pipe->read_wait : &pipe->write_wait);
    if (error && *opens == before) return error;
  }
  return 0;
}

/* Who opens one end of a named pipe waits for the other (POSIX, open, O_NONBLOCK). */
struct file *pipe_open(struct inode *inode, uint32_t flags) {
  if (!inode->pipe && !(inode->pipe = heap_take(sizeof *inode->pipe))) return error_pointer(-ENFILE);
  struct pipe *pipe = inode->pipe;
  const uint32_t access = flags & OPEN_ACCESS;
  if (access == OPEN_WRITE_ONLY && flags & OPEN_NON_BLOCKING && !pipe->readers) return error_pointer(-ENXIO);
  struct file *file = end_make(inode, flags);
  if (is_error(file)) return file;
  wake_all(&pipe->read_wait);
  wake_all(&pipe->write_wait);
  const int error = partner_wait(pipe, flags);
  if (!error) return file;
  file_drop(file);
  return error_pointer(error);
}
