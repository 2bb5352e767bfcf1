#include "base/errors.h"
#include "base/text.h"
#include "files/inode.h"
#include "files/proc.h"
#include "memory/heap.h"

/* Cookies 0 and 1 are `.` and `..`. */
#define COOKIE_PARENT 1u
#define COOKIE_FIRST 2u
#define TYPE_SHIFT 12

static uint32_t hash_of(const char *name) {
  uint32_t hash = 0;
  while (*name) hash = hash * 31 + (uint8_t)*name++;
  return hash;
}

static struct entry **entry_link(struct inode *directory, const char *name) {
  const uint32_t hash = hash_of(name);
  for (struct entry **link = &directory->entries; *link; link = &(*link)->next) {
    if ((*link)->hash == hash && text_equal((*link)->name, name)) return link;
  }
  return NULL;
}

struct inode *directory_find(struct inode *directory, const char *name) {
  struct entry **link = entry_link(directory, name);
  if (link) {
    inode_share((*link)->inode);
    return (*link)->inode;
  }
  return directory->node ? proc_find(directory, name) : NULL;
}

static struct entry *entry_make(const char *name) {
  struct entry *entry = heap_take(sizeof *entry);
  if (!entry) return NULL;
  entry->name = heap_text(name);
  if (entry->name) return entry;
  heap_free(entry);
  return NULL;
}

int directory_add(struct inode *directory, const char *name, struct inode *inode) {
  /* In a directory that was removed nothing can be made: nobody would find it again, nor give it back. */
  if (!directory->parent && directory != root_directory) return -ENOENT;
  if (entry_link(directory, name)) return -EEXIST;
  struct entry *entry = entry_make(name);
  if (!entry) return -ENOSPC;
  entry->inode = inode;
  entry->hash = hash_of(name);
  entry->cookie = COOKIE_FIRST + directory->next_cookie++;
  *directory->last_entry = entry;
  directory->last_entry = &entry->next;
  inode_share(inode);
  inode->links++;
  if (inode_is(inode, MODE_DIRECTORY)) {
    inode->parent = directory;
    directory->links++;
  }
  inode_touch(directory);
  return 0;
}

int directory_remove(struct inode *directory, const char *name) {
  struct entry **link = entry_link(directory, name);
  if (!link) return -ENOENT;
  struct entry *entry = *link;
  struct inode *inode = entry->inode;
  *link = entry->next;
  if (directory->last_entry == &entry->next) directory->last_entry = link;
  inode->links--;
  if (inode_is(inode, MODE_DIRECTORY)) {
    if (inode->parent == directory) inode->parent = NULL;
    directory->links--;
  }
  inode->changed = time_coarse();
  inode_touch(directory);
  heap_free(entry->name);
  heap_free(entry);
  inode_drop(inode);
  return 0;
}

bool directory_empty(const struct inode *directory) {
  return !directory->entries && !directory->node;
}

struct inode *directory_make(struct inode *directory, const char *name, uint32_t mode) {
  struct inode *inode = inode_make(mode);
  if (!inode) return error_pointer(-ENOSPC);
  /* `.` is a link, too. */
  if (inode_is(inode, MODE_DIRECTORY)) inode->links++;
  const int error = directory_add(directory, name, inode);
  inode_drop(inode);
  return error ? error_pointer(error) : inode;
}

bool directory_list(struct inode *directory, uint32_t cookie, struct listing *listing) {
  const struct inode *inode = directory;
  const char *name = ".";
  if (cookie == COOKIE_PARENT) {
    if (directory->parent) inode = directory->parent;
    name = "..";
  } else if (cookie >= COOKIE_FIRST) {
    const struct entry *entry = directory->entries;
    while (entry && entry->cookie < cookie) entry = entry->next;
    if (!entry) return directory->node && proc_list(directory, larger(cookie, COOKIE_FIRST + directory->next_cookie), listing);
    inode = entry->inode;
    name = entry->name;
    cookie = entry->cookie;
  }
  listing->number = inode->number;
  listing->type = (inode->mode & MODE_TYPE) >> TYPE_SHIFT;
  listing->cookie = cookie;
  text_copy(listing->name, name, sizeof listing->name);
  return true;
}

static const char *name_in(const struct inode *directory, const struct inode *inode) {
  for (const struct entry *entry = directory->entries; entry; entry = entry->next) {
    if (entry->inode == inode) return entry->name;
  }
  return NULL;
}

/* Written from the end to the beginning. */
int directory_path(struct inode *directory, char *space, uint32_t bytes) {
  uint32_t at = bytes - 1;
  space[at] = '\0';
  for (; directory != root_directory; directory = directory->parent) {
    char number[NAME_MOST + 1];
    if (!directory->parent) return -ENOENT;
    const char *name = name_in(directory->parent, directory);
    if (!name && directory->node) name = proc_name(directory, number, sizeof number);
    if (!name) return -ENOENT;
    const uint32_t length = text_length(name);
    if (length + 1 > at) return -ERANGE;
    at -= length;
    memcpy(space + at, name, length);
    space[--at] = '/';
  }
  if (at == bytes - 1) space[--at] = '/';
  memmove(space, space + at, bytes - at);
  return 0;
}
