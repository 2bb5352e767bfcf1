/* The file system: a tree of inodes in memory. Whoever holds a pointer holds a reference. */
#ifndef FILES_INODE_H
#define FILES_INODE_H

#include "base/types.h"
#include "process/time.h"

#define MODE_TYPE 0170000u
#define MODE_SOCKET 0140000u
#define MODE_LINK 0120000u
#define MODE_REGULAR 0100000u
#define MODE_BLOCK 0060000u
#define MODE_DIRECTORY 0040000u
#define MODE_CHARACTER 0020000u
#define MODE_PIPE 0010000u
#define MODE_RIGHTS 07777u
#define MODE_EXECUTE 0111u

/* Numbers of devices: major * 256 + minor, as Linux has them; those from the marker's on are the laboratory's own. */
#define DEVICE_NULL 0x103u
#define DEVICE_ZERO 0x105u
#define DEVICE_FULL 0x107u
#define DEVICE_RANDOM 0x108u
#define DEVICE_URANDOM 0x109u
#define DEVICE_TTY 0x500u
#define DEVICE_CONSOLE 0x501u
#define DEVICE_SERIAL 0x440u
#define DEVICE_DISK 0x300u
#define DEVICE_MARKER 0x0ae8u
#define DEVICE_HOST_INPUT 0x0a00u
#define DEVICE_HOST_OUTPUT 0x0a01u
#define DEVICE_HOST_ERROR 0x0a02u

#define NAME_MOST 255u
#define PATH_MOST 4096u
#define FILE_BYTES_MOST 0x7fffffffu
#define DIRECT_PAGES 8u

struct inode;
struct pipe;
struct process_node;

struct entry {
  struct entry *next;
  struct inode *inode;
  uint32_t hash, cookie;
  char *name;
};

struct inode {
  uint32_t references, links, number, mode, size, device, user, group;
  /* Open files that may write, and processes that execute it: there are never both (ETXTBSY). */
  uint32_t writers, executions;
  struct moment accessed, modified, changed;
  /* Directories. A directory that has been removed has no parent. */
  struct inode *parent;
  struct entry *entries, **last_entry;
  uint32_t next_cookie;
  /* Frames of a regular file; 0 is a hole. Behind the direct ones two levels of tables. */
  uint32_t direct[DIRECT_PAGES];
  uint32_t **tables;
  char *target;
  struct pipe *pipe;
  /* /proc: what this stands for. */
  const struct process_node *node;
  uint32_t node_number;
};

extern struct inode *root_directory;

static inline bool inode_is(const struct inode *inode, uint32_t type) {
  return (inode->mode & MODE_TYPE) == type;
}

/* With one reference, or null when memory is exhausted. */
struct inode *inode_make(uint32_t mode);
void inode_share(struct inode *inode);
void inode_drop(struct inode *inode);
void inode_touch(struct inode *inode);
/* A process executes the file, and holds a reference. */
void inode_execution_begin(struct inode *inode);
void inode_execution_end(struct inode *inode);

/* The frame of a page of a regular file; with `make` a hole is filled. NO_FRAME: a hole, or no space. */
uint32_t inode_page(struct inode *inode, uint32_t page, bool make);
/* 0 or -EFBIG. Pages behind the new end are gone, and the rest of the last page is zero. */
int inode_resize(struct inode *inode, uint32_t size);
/* Bytes that were read into the kernel's memory. */
uint32_t inode_read(struct inode *inode, uint32_t at, void *to, uint32_t count);
/* Writes from the kernel's memory; bytes written, fewer when space is exhausted. */
uint32_t inode_write(struct inode *inode, uint32_t at, const void *from, uint32_t count);

/* Space for files, in pages. */
void inode_space_set(uint32_t pages);
uint32_t inode_space(void);
uint32_t inode_space_used(void);
uint32_t inode_count(void);

/* ---- directory.c ---- */
/* A reference to the inode of a name, or null, or an error; /proc makes its inodes here. */
struct inode *directory_find(struct inode *directory, const char *name);
/* 0, -EEXIST, -ENOSPC, -ENOENT in a directory that was removed. */
int directory_add(struct inode *directory, const char *name, struct inode *inode);
/* 0 or -ENOENT. */
int directory_remove(struct inode *directory, const char *name);
bool directory_empty(const struct inode *directory);
/* Makes an inode and its name; the inode without a reference for the caller, or an error. */
struct inode *directory_make(struct inode *directory, const char *name, uint32_t mode);
/* A directory entry whose cookie is at least `cookie`; false at the end. */
struct listing {
  uint32_t number, type, cookie;
  char name[NAME_MOST + 1];
};
bool directory_list(struct inode *directory, uint32_t cookie, struct listing *listing);
/* The absolute path of a directory or of something in it, or an error. */
int directory_path(struct inode *directory, char *space, uint32_t bytes);

/* ---- path.c ---- */
struct lookup {
  /* Null where the path ends in `/`, `.` or `..`. */
  struct inode *parent;
  /* Null where nothing has the last name. */
  struct inode *inode;
  char name[NAME_MOST + 1];
  bool slash;
};
#define AT_CURRENT ((uint32_t)-100)
/* Resolves a path in user memory; on success the caller drops what `lookup` holds with lookup_drop. */
int path_lookup(uint32_t base, uint32_t path, bool follow, struct lookup *lookup);
void lookup_drop(struct lookup *lookup);
/* The existing inode of a path, with a reference, or an error. */
struct inode *path_inode(uint32_t base, uint32_t path, bool follow);
/* The same for a path of the kernel's own, from the root. */
struct inode *path_inode_kernel(const char *path);
/* A page with a text from user memory, to be given to heap_free, or an error. */
char *text_from_user(uint32_t from);

#endif
