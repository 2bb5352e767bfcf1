/* Open files and the numbers by which programs name them. */
#ifndef FILES_FILE_H
#define FILES_FILE_H

#include "files/inode.h"

#define OPEN_ACCESS 3u
#define OPEN_READ_ONLY 0u
#define OPEN_WRITE_ONLY 1u
#define OPEN_READ_WRITE 2u
#define OPEN_CREATE 0100u
#define OPEN_EXCLUSIVE 0200u
#define OPEN_NO_TERMINAL 0400u
#define OPEN_TRUNCATE 01000u
#define OPEN_APPEND 02000u
#define OPEN_NON_BLOCKING 04000u
#define OPEN_DIRECTORY 0200000u
#define OPEN_NO_FOLLOW 0400000u
#define OPEN_CLOSE_ON_EXEC 02000000u
#define OPEN_PATH 010000000u
#define OPEN_CHANGEABLE (OPEN_APPEND | OPEN_NON_BLOCKING)

#define POLL_IN 0x01u
#define POLL_OUT 0x04u
#define POLL_ERROR 0x08u
#define POLL_HANG_UP 0x10u
#define POLL_INVALID 0x20u

struct file;

/* What a kind of file does; absent operations do not apply to it. Addresses are the program's. */
struct file_kind {
  int (*read)(struct file *file, uint64_t *position, uint32_t to, uint32_t count);
  int (*write)(struct file *file, uint64_t *position, uint32_t from, uint32_t count);
  /* Absent: always ready. */
  uint32_t (*poll)(struct file *file);
  int (*control)(struct file *file, uint32_t request, uint32_t argument);
  void (*release)(struct file *file);
  /* For seeking from the end; absent: no positions. */
  uint64_t (*size)(const struct file *file);
};

struct file {
  const struct file_kind *kind;
  uint32_t references, flags;
  uint64_t position;
  struct inode *inode;
  /* /proc: the text that was made when it was opened. */
  char *text;
  uint32_t text_length;
};

#define DESCRIPTORS 256u
struct files {
  struct file *open[DESCRIPTORS];
  uint32_t close_on_exec[DESCRIPTORS / 32];
};

/* A file without descriptor, on an inode of which it takes a reference; may wait (named pipes). Or an error. */
struct file *file_open(struct inode *inode, uint32_t flags);
struct file *file_make(const struct file_kind *kind, struct inode *inode, uint32_t flags);
void file_share(struct file *file);
void file_drop(struct file *file);

struct files *files_make(void);
struct files *files_copy(const struct files *files);
void files_drop(struct files *files);
/* exec. */
void files_close_on_exec(struct files *files);

/* The open file of a descriptor of the current process, without a reference, or null. */
struct file *descriptor_file(uint32_t descriptor);
/* The lowest free number from `least` on; takes over the caller's reference, also when it fails. Or -EMFILE. */
int descriptor_add(struct file *file, uint32_t least, bool close_on_exec);
/* Puts a file at a number that may be in use; takes over the reference. */
void descriptor_put(uint32_t descriptor, struct file *file, bool close_on_exec);
int descriptor_close(uint32_t descriptor);

extern const struct file_kind regular_kind, directory_kind, null_kind, zero_kind, full_kind, random_kind, marker_kind, disk_kind, terminal_kind,
  pipe_kind, proc_kind, host_input_kind, host_output_kind, host_error_kind;

#endif
