/* /proc: inodes that are made when they are looked up. */
#ifndef FILES_PROC_H
#define FILES_PROC_H

#include "base/text.h"
#include "files/file.h"

enum process_node_kind { NODE_ROOT, NODE_TEXT, NODE_SELF, NODE_PROCESS, NODE_DESCRIPTORS, NODE_DESCRIPTOR, NODE_EXECUTABLE, NODE_DIRECTORY };

struct process;

/* What an entry of /proc is. `make` writes its text; for files of a process it gets that process, else null. */
struct process_node {
  const char *name;
  enum process_node_kind kind;
  void (*make)(struct text_buffer *text, const struct process *process);
};

/* proc-text.c */
extern const struct process_node proc_system_nodes[], proc_process_nodes[];
extern const uint32_t proc_system_count, proc_process_count;

/* Makes the directory into the root of /proc. */
void proc_start(struct inode *directory);
struct inode *proc_find(struct inode *directory, const char *name);
bool proc_list(struct inode *directory, uint32_t cookie, struct listing *listing);
const char *proc_name(const struct inode *inode, char *space, uint32_t bytes);
/* What a link stands for, with a reference; null when its text has to be followed. */
struct inode *proc_follow(struct inode *link);
/* The text of a link in a page; its length or an error. */
int proc_target(struct inode *link, char *text);
struct file *proc_open(struct inode *inode, uint32_t flags);

#endif
