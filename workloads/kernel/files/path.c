/* From paths to inodes. */
#include "base/errors.h"
#include "base/text.h"
#include "files/file.h"
#include "files/inode.h"
#include "files/proc.h"
#include "memory/heap.h"
#include "process/process.h"

#define LINKS_MOST 40u
/* A text is read up to the next border of this, so that its end near a page that is not there can be found. */
#define TEXT_PART 64u

char *text_from_user(uint32_t from) {
  char *text = heap_take_brief(PATH_MOST);
  if (!text) return error_pointer(-ENOMEM);
  for (uint32_t done = 0; done < PATH_MOST;) {
    const uint32_t part = smaller(TEXT_PART - ((from + done) % TEXT_PART), PATH_MOST - done);
    if (arch_copy_from_user(text + done, from + done, part)) {
      heap_free(text);
      return error_pointer(-EFAULT);
    }
    for (uint32_t end = done + part; done < end; done++) {
      if (!text[done]) return text;
    }
  }
  heap_free(text);
  return error_pointer(-ENAMETOOLONG);
}

void lookup_drop(struct lookup *lookup) {
  if (lookup->parent) inode_drop(lookup->parent);
  if (lookup->inode) inode_drop(lookup->inode);
  lookup->parent = lookup->inode = NULL;
}

static bool is_dots(const char *name) {
  return text_equal(name, ".") || text_equal(name, "..");
}

/* Takes the next name from `*rest`; its length, 0 at the end, or -ENAMETOOLONG. */
static int name_take(const char **rest, char *name) {
  uint32_t length = 0;
  while (**rest == '/') (*rest)++;
  for (; **rest && **rest != '/'; (*rest)++) {
    if (length == NAME_MOST) return -ENAMETOOLONG;
    name[length++] = **rest;
  }
  name[length] = '\0';
  return (int)length;
}

/* A child, or the parent for `..`; null where there is none. */
static struct inode *step(struct inode *at, const char *name) {
  if (!inode_is(at, MODE_DIRECTORY)) return error_pointer(-ENOTDIR);
  if (!is_dots(name)) return directory_find(at, name);
  struct inode *next = name[1] && at != root_directory && at->parent ? at->parent : at;
  inode_share(next);
  return next;
}

/* What a symbolic link puts in front of the rest of the path. */
static int link_expand(const struct inode *link, const char *rest, char **path) {
  if (!link->target) return -EIO;
  const uint32_t length = text_length(link->target), tail = text_length(rest);
  if (length + tail + 2 > PATH_MOST) return -ENAMETOOLONG;
  char *expanded = heap_take_brief(PATH_MOST);
  if (!expanded) return -ENOMEM;
  memcpy(expanded, link->target, length);
  memcpy(expanded + length, rest, tail);
  heap_free(*path);
  *path = expanded;
  return 0;
}

struct walk {
  struct inode *at;
  char *path;
  const char *rest;
  uint32_t links;
};

/* Goes on at what a link points to. */
static int link_follow(struct walk *walk, struct inode *link) {
  if (++walk->links > LINKS_MOST) return -ELOOP;
  const int error = link_expand(link, walk->rest, &walk->path);
  if (error) return error;
  walk->rest = walk->path;
  if (*walk->path != '/') return 0;
  inode_drop(walk->at);
  walk->at = root_directory;
  inode_share(root_directory);
  return 0;
}

static bool only_slashes(const char *text) {
  while (*text == '/') text++;
  return !*text;
}

/* One name: 0 to go on, 1 when the lookup is complete, or an error. */
static int advance(struct walk *walk, bool follow, struct lookup *lookup) {
  const int length = name_take(&walk->rest, lookup->name);
  if (length < 0) return length;
  if (length == 0) {
    lookup->inode = walk->at;
    inode_share(walk->at);
    return 1;
  }
  lookup->slash = *walk->rest == '/';
  const bool last = only_slashes(walk->rest);
  struct inode *next = step(walk->at, lookup->name);
  if (is_error(next)) return error_of(next);
  if (!next && !last) return -ENOENT;
  if (next && inode_is(next, MODE_LINK) && (!last || follow || lookup->slash)) {
    struct inode *direct = next->node ? proc_follow(next) : NULL;
    const int error = direct ? 0 : link_follow(walk, next);
    inode_drop(next);
    if (!direct || error) return error;
    next = direct;
  }
  if (last && !is_dots(lookup->name)) {
    lookup->parent = walk->at;
    inode_share(walk->at);
    lookup->inode = next;
    return 1;
  }
  inode_drop(walk->at);
  walk->at = next;
  return 0;
}

/* Takes the page with the path; `base` keeps its reference. */
static int resolve(struct inode *base, char *path, bool follow, struct lookup *lookup) {
  lookup->parent = lookup->inode = NULL;
  if (!*path) {
    heap_free(path);
    return -ENOENT;
  }
  struct walk walk = { *path == '/' ? root_directory : base, path, path, 0 };
  inode_share(walk.at);
  int state = 0;
  while (state == 0) state = advance(&walk, follow, lookup);
  inode_drop(walk.at);
  heap_free(walk.path);
  if (state > 0 && lookup->slash && lookup->inode && lookup->parent && !inode_is(lookup->inode, MODE_DIRECTORY)) state = -ENOTDIR;
  if (state < 0) lookup_drop(lookup);
  return state < 0 ? state : 0;
}

int path_lookup(uint32_t base, uint32_t path, bool follow, struct lookup *lookup) {
  struct inode *from = current->directory;
  char *text = text_from_user(path);
  if (is_error(text)) return error_of(text);
  if (base != AT_CURRENT && *text != '/') {
    const struct file *file = descriptor_file(base);
    if (!file || !file->inode) {
      heap_free(text);
      return file ? -ENOTDIR : -EBADF;
    }
    from = file->inode;
  }
  lookup->slash = false;
  return resolve(from, text, follow, lookup);
}

static struct inode *existing(int error, struct lookup *lookup) {
  if (error) return error_pointer(error);
  struct inode *inode = lookup->inode;
  lookup->inode = NULL;
  lookup_drop(lookup);
  return inode ? inode : error_pointer(-ENOENT);
}

struct inode *path_inode(uint32_t base, uint32_t path, bool follow) {
  struct lookup lookup;
  return existing(path_lookup(base, path, follow, &lookup), &lookup);
}

struct inode *path_inode_kernel(const char *path) {
  struct lookup lookup;
  char *text = heap_take_brief(PATH_MOST);
  if (!text) return error_pointer(-ENOMEM);
  text_copy(text, path, PATH_MOST);
  lookup.slash = false;
  return existing(resolve(root_directory, text, true, &lookup), &lookup);
}
