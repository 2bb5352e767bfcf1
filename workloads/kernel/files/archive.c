/*
 * The "newc" format of cpio, as Linux takes it for its initial file system (Documentation/driver-api/early-userspace/
 * buffer-format.rst): a header of hexadecimal texts, the name, the content, each padded to four bytes.
 */
#include "files/archive.h"

#include "base/errors.h"
#include "base/text.h"
#include "files/inode.h"
#include "memory/heap.h"

#define MAGIC_BYTES 6u
#define FIELD_DIGITS 8u
#define FIELDS 13u
#define HEADER_BYTES (MAGIC_BYTES + FIELDS * FIELD_DIGITS)
enum field { INODE, MODE, USER, GROUP, LINKS, TIME, SIZE, DEVICE_MAJOR, DEVICE_MINOR, NODE_MAJOR, NODE_MINOR, NAME_BYTES, CHECK };
#define LAST_NAME "TRAILER!!!"
#define HARD_LINKS_MOST 128u
#define DIRECTORY_RIGHTS 0755u

struct archive {
  const uint8_t *bytes;
  uint32_t length, at;
};
struct member {
  uint32_t fields[FIELDS];
  const char *name;
  const uint8_t *content;
};

/* Files with several names: all but one member are empty, and share the number. */
static struct hard_link {
  uint32_t number;
  struct inode *inode;
} hard_links[HARD_LINKS_MOST];
static uint32_t hard_link_count;

static bool hexadecimal(const uint8_t *digits, uint32_t *value) {
  *value = 0;
  for (uint32_t at = 0; at < FIELD_DIGITS; at++) {
    const uint8_t digit = digits[at];
    uint32_t nibble;
    if (digit >= '0' && digit <= '9') nibble = digit - '0';
    else if ((digit | 0x20) >= 'a' && (digit | 0x20) <= 'f') nibble = (digit | 0x20u) - 'a' + 10;
    else return false;
    *value = *value << 4 | nibble;
  }
  return true;
}

/* Takes `bytes` and the padding behind them; null when they are not there. */
static const uint8_t *take(struct archive *archive, uint32_t bytes) {
  if (bytes > archive->length - archive->at) return NULL;
  const uint8_t *start = archive->bytes + archive->at;
  archive->at += bytes;
  archive->at = smaller((archive->at + 3) & ~3u, archive->length);
  return start;
}

static const char *member_take(struct archive *archive, struct member *member) {
  if (HEADER_BYTES > archive->length - archive->at) return "ends in a header";
  const uint8_t *header = archive->bytes + archive->at;
  if (memcmp(header, "070701", MAGIC_BYTES) != 0 && memcmp(header, "070702", MAGIC_BYTES) != 0) return "is no newc cpio";
  for (uint32_t field = 0; field < FIELDS; field++) {
    if (!hexadecimal(header + MAGIC_BYTES + field * FIELD_DIGITS, &member->fields[field])) return "has a field that is no number";
  }
  const uint32_t name_bytes = member->fields[NAME_BYTES];
  if (name_bytes == 0 || name_bytes > PATH_MOST || name_bytes > archive->length - archive->at - HEADER_BYTES) return "has a name that is too long";
  member->name = (const char *)header + HEADER_BYTES;
  if (member->name[name_bytes - 1] != '\0') return "has a name without an end";
  take(archive, HEADER_BYTES + name_bytes);
  member->content = take(archive, member->fields[SIZE]);
  return member->content ? NULL : "ends in a file";
}

/* The directory of a path, made as far as it is missing; `*last` becomes the last name, empty for the root. No reference. */
static struct inode *parent_of(const char *path, char *last) {
  struct inode *at = root_directory;
  *last = '\0';
  for (;;) {
    char name[NAME_MOST + 1];
    uint32_t length = 0;
    while (*path == '/') path++;
    for (; *path && *path != '/'; path++) {
      if (length == NAME_MOST) return NULL;
      name[length++] = *path;
    }
    name[length] = '\0';
    if (length == 0) return at;
    if (text_equal(name, ".")) continue;
    if (text_equal(name, "..")) return NULL;
    if (*last) {
      struct inode *next = directory_find(at, last);
      if (next) inode_drop(next);
      else next = directory_make(at, last, MODE_DIRECTORY | DIRECTORY_RIGHTS);
      if (is_error(next) || !inode_is(next, MODE_DIRECTORY)) return NULL;
      at = next;
    }
    text_copy(last, name, NAME_MOST + 1);
  }
}

static struct hard_link *hard_link_of(const struct member *member) {
  if (member->fields[LINKS] < 2 || (member->fields[MODE] & MODE_TYPE) != MODE_REGULAR) return NULL;
  for (uint32_t at = 0; at < hard_link_count; at++) {
    if (hard_links[at].number == member->fields[INODE]) return &hard_links[at];
  }
  if (hard_link_count == HARD_LINKS_MOST) return NULL;
  hard_links[hard_link_count] = (struct hard_link){ member->fields[INODE], NULL };
  return &hard_links[hard_link_count++];
}

static bool content_put(struct inode *inode, const struct member *member) {
  const uint32_t size = member->fields[SIZE];
  if (inode_is(inode, MODE_LINK)) {
    char *target = size < PATH_MOST ? heap_take(size + 1) : NULL;
    if (target) memcpy(target, member->content, size);
    inode->target = target;
    return target;
  }
  return !inode_is(inode, MODE_REGULAR) || inode_write(inode, 0, member->content, size) == size;
}

static const char *member_put(const struct member *member) {
  char last[NAME_MOST + 1];
  const uint32_t mode = member->fields[MODE];
  struct inode *parent = parent_of(member->name, last);
  if (!parent) return "has a path that cannot be";
  struct hard_link *link = hard_link_of(member);
  struct inode *inode = *last ? directory_find(parent, last) : root_directory;
  if (!*last) inode_share(inode);
  if (inode) {
    /* A directory that is there already, or a repetition. */
    inode_drop(inode);
    if (inode_is(inode, MODE_DIRECTORY) && (mode & MODE_TYPE) == MODE_DIRECTORY) inode->mode = mode;
    return NULL;
  }
  if (link && link->inode) {
    inode = link->inode;
    if (directory_add(parent, last, inode)) return "does not fit into memory";
    return member->fields[SIZE] == 0 || content_put(inode, member) ? NULL : "does not fit into memory";
  }
  inode = directory_make(parent, last, mode);
  if (is_error(inode)) return "does not fit into memory";
  if (link) link->inode = inode;
  inode->device = member->fields[NODE_MAJOR] << 8 | member->fields[NODE_MINOR];
  inode->modified = inode->accessed = inode->changed = (struct moment){ member->fields[TIME], 0 };
  inode->user = member->fields[USER];
  inode->group = member->fields[GROUP];
  return content_put(inode, member) ? NULL : "does not fit into memory";
}

void archive_unpack(const uint8_t *bytes, uint32_t length) {
  struct archive archive = { bytes, length, 0 };
  const char *problem = NULL;
  while (!problem && archive.at < archive.length) {
    struct member member;
    problem = member_take(&archive, &member);
    if (problem || text_equal(member.name, LAST_NAME)) break;
    problem = member_put(&member);
  }
  if (problem) print("archive %s, at byte %u\n", problem, archive.at);
}
