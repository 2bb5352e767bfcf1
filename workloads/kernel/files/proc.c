#include "files/proc.h"

#include "base/errors.h"
#include "memory/heap.h"
#include "process/process.h"

#define COOKIE_FIRST 2u
#define DESCRIPTOR_SHIFT 16
#define TYPE_SHIFT 12

/* The directory /proc; it is never removed. */
static struct inode *proc_root;
static const struct process_node root_node = { "", NODE_ROOT, NULL };
static const struct process_node process_node = { "", NODE_PROCESS, NULL };
static const struct process_node descriptor_node = { "", NODE_DESCRIPTOR, NULL };

void proc_start(struct inode *directory) {
  directory->node = &root_node;
  proc_root = directory;
  directory->links++;
}

static uint32_t mode_of(const struct process_node *node) {
  switch (node->kind) {
    case NODE_TEXT: return MODE_REGULAR | 0444;
    case NODE_SELF: case NODE_DESCRIPTOR: case NODE_EXECUTABLE: case NODE_DIRECTORY: return MODE_LINK | 0777;
    default: return MODE_DIRECTORY | 0555;
  }
}

/* `number` is the process, and for a descriptor that in the upper half. */
static struct inode *node_inode(const struct process_node *node, uint32_t number) {
  struct inode *inode = inode_make(mode_of(node));
  if (!inode) return error_pointer(-ENOMEM);
  inode->node = node;
  inode->node_number = number;
  inode->links = 1;
  /* It lives only as long as somebody holds it, so `..` leads to what stays. */
  inode->parent = inode_is(inode, MODE_DIRECTORY) ? proc_root : NULL;
  return inode;
}

static struct process *process_of(const struct inode *inode) {
  struct process *process = process_by_id(inode->node_number & ((1u << DESCRIPTOR_SHIFT) - 1));
  return process && process->state != ZOMBIE ? process : NULL;
}

static struct inode *named(struct inode *directory, const struct process_node *nodes, uint32_t count, const char *name) {
  for (uint32_t at = 0; at < count; at++) {
    if (text_equal(nodes[at].name, name)) return node_inode(&nodes[at], directory->node_number);
  }
  return NULL;
}

static struct inode *descriptor_find(struct inode *directory, const char *name) {
  const struct process *process = process_of(directory);
  uint32_t number;
  if (!process || !text_number(name, &number) || number >= DESCRIPTORS || !process->files->open[number]) return NULL;
  return node_inode(&descriptor_node, directory->node_number | number << DESCRIPTOR_SHIFT);
}

struct inode *proc_find(struct inode *directory, const char *name) {
  uint32_t number;
  switch (directory->node->kind) {
    case NODE_ROOT:
      if (text_number(name, &number)) return process_by_id(number) ? node_inode(&process_node, number) : NULL;
      return named(directory, proc_system_nodes, proc_system_count, name);
    case NODE_PROCESS: return named(directory, proc_process_nodes, proc_process_count, name);
    case NODE_DESCRIPTORS: return descriptor_find(directory, name);
    default: return NULL;
  }
}

static bool list_nodes(const struct process_node *nodes, uint32_t count, uint32_t index, struct listing *listing) {
  if (index >= count) return false;
  text_copy(listing->name, nodes[index].name, sizeof listing->name);
  listing->type = mode_of(&nodes[index]) >> TYPE_SHIFT;
  listing->number = index + 1;
  return true;
}

static bool list_number(uint32_t number, uint32_t mode, struct listing *listing) {
  struct text_buffer name = { listing->name, 0, NAME_MOST };
  text_add(&name, "%u", number);
  listing->name[name.length] = '\0';
  listing->type = mode >> TYPE_SHIFT;
  listing->number = number + 1;
  return true;
}

/* The process with the smallest number that is not below `least`. */
static const struct process *process_from(uint32_t least) {
  const struct process *found = NULL;
  for (const struct process *process = process_list; process; process = process->next) {
    if (process->pid >= least && (!found || process->pid < found->pid)) found = process;
  }
  return found;
}

static bool list_root(uint32_t index, struct listing *listing) {
  if (list_nodes(proc_system_nodes, proc_system_count, index, listing)) return true;
  const struct process *process = process_from(index - proc_system_count);
  if (!process) return false;
  listing->cookie = COOKIE_FIRST + proc_system_count + process->pid;
  return list_number(process->pid, MODE_DIRECTORY, listing);
}

static bool list_descriptors(const struct inode *directory, uint32_t index, struct listing *listing) {
  const struct process *process = process_of(directory);
  if (!process) return false;
  while (index < DESCRIPTORS && !process->files->open[index]) index++;
  if (index >= DESCRIPTORS) return false;
  listing->cookie = COOKIE_FIRST + index;
  return list_number(index, MODE_LINK, listing);
}

bool proc_list(struct inode *directory, uint32_t cookie, struct listing *listing) {
  const uint32_t index = cookie - COOKIE_FIRST;
  listing->cookie = cookie;
  switch (directory->node->kind) {
    case NODE_ROOT: return list_root(index, listing);
    case NODE_PROCESS: return list_nodes(proc_process_nodes, proc_process_count, index, listing);
    case NODE_DESCRIPTORS: return list_descriptors(directory, index, listing);
    default: return false;
  }
}

const char *proc_name(const struct inode *inode, char *space, uint32_t bytes) {
  struct text_buffer name = { space, 0, bytes - 1 };
  if (inode->node->kind == NODE_PROCESS) text_add(&name, "%u", inode->node_number);
  else text_add(&name, "%s", inode->node->name);
  space[name.length] = '\0';
  return space;
}

static struct file *file_behind(const struct inode *link) {
  const struct process *process = process_of(link);
  return process ? process->files->open[link->node_number >> DESCRIPTOR_SHIFT] : NULL;
}

struct inode *proc_follow(struct inode *link) {
  const struct process *process = process_of(link);
  struct inode *inode = NULL;
  if (link->node->kind == NODE_SELF) return node_inode(&process_node, current->pid);
  if (!process) return NULL;
  if (link->node->kind == NODE_EXECUTABLE) inode = process->executable;
  else if (link->node->kind == NODE_DIRECTORY) inode = process->directory;
  else if (link->node->kind == NODE_DESCRIPTOR && file_behind(link)) inode = file_behind(link)->inode;
  if (inode) inode_share(inode);
  return inode;
}

/* Names of directory entries are found by looking for the inode in the whole tree: files do not know theirs. */
static bool path_search(struct inode *directory, const struct inode *wanted, char *text) {
  for (const struct entry *entry = directory->entries; entry; entry = entry->next) {
    if (entry->inode == wanted) {
      if (directory_path(directory, text, PATH_MOST - NAME_MOST - 2)) return false;
      uint32_t length = text_length(text);
      if (length > 1) text[length++] = '/';
      text_copy(text + length, entry->name, NAME_MOST + 1);
      return true;
    }
  }
  for (const struct entry *entry = directory->entries; entry; entry = entry->next) {
    if (inode_is(entry->inode, MODE_DIRECTORY) && path_search(entry->inode, wanted, text)) return true;
  }
  return false;
}

int proc_target(struct inode *link, char *text) {
  struct text_buffer buffer = { text, 0, PATH_MOST - 1 };
  if (link->node->kind == NODE_SELF) {
    text_add(&buffer, "%u", current->pid);
    return (int)buffer.length;
  }
  if (!inode_is(link, MODE_LINK)) return -EINVAL;
  struct inode *inode = proc_follow(link);
  if (!inode) return -ENOENT;
  int error = 0;
  if (inode_is(inode, MODE_DIRECTORY)) error = directory_path(inode, text, PATH_MOST);
  else if (inode_is(inode, MODE_PIPE) && inode->links == 0) text_add(&buffer, "pipe:[%u]", inode->number);
  else if (!path_search(root_directory, inode, text)) text_add(&buffer, "/ (deleted)");
  if (buffer.length) text[buffer.length] = '\0';
  inode_drop(inode);
  return error ? error : (int)text_length(text);
}

struct file *proc_open(struct inode *inode, uint32_t flags) {
  const struct process *process = process_of(inode);
  if ((flags & OPEN_ACCESS) != OPEN_READ_ONLY) return error_pointer(-EACCES);
  if (inode->node_number && !process) return error_pointer(-ESRCH);
  struct file *file = file_make(&proc_kind, inode, flags);
  if (is_error(file)) return file;
  file->text = heap_take(PAGE_BYTES);
  if (!file->text) {
    file_drop(file);
    return error_pointer(-ENOMEM);
  }
  struct text_buffer text = { file->text, 0, PAGE_BYTES };
  inode->node->make(&text, process);
  file->text_length = text.length;
  return file;
}

static int proc_read(struct file *file, uint64_t *position, uint32_t to, uint32_t count) {
  if (*position >= file->text_length) return 0;
  const uint32_t at = (uint32_t)*position, part = smaller(count, file->text_length - at);
  if (arch_copy_to_user(to, file->text + at, part)) return -EFAULT;
  *position += part;
  return (int)part;
}

static uint64_t proc_size(const struct file *file) {
  return file->text_length;
}

const struct file_kind proc_kind = { .read = proc_read, .size = proc_size };
