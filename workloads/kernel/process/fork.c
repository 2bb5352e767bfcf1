/* fork, vfork, clone as far as they need it; wait. */
#include "base/errors.h"
#include "base/text.h"
#include "files/file.h"
#include "files/inode.h"
#include "memory/heap.h"
#include "process/calls.h"
#include "process/process.h"

#define CLONE_SIGNAL 0x000000ffu
#define CLONE_VM 0x00000100u
#define CLONE_VFORK 0x00004000u
#define CLONE_SETTLS 0x00080000u
#define CLONE_PARENT_SETTID 0x00100000u
#define CLONE_CHILD_CLEARTID 0x00200000u
#define CLONE_CHILD_SETTID 0x01000000u
/* Threads, shared tables and namespaces. */
#define CLONE_REFUSED 0x7e430e00u

static void inherit(struct process *child) {
  child->group = current->group;
  child->session = current->session;
  child->parent = current;
  child->file_mask = current->file_mask;
  child->user = current->user;
  child->arguments_start = current->arguments_start;
  child->arguments_end = current->arguments_end;
  memcpy(child->name, current->name, sizeof child->name);
  memcpy(child->limits, current->limits, sizeof child->limits);
  child->signals = current->signals;
  child->signals.pending = 0;
  child->signals.suspended = false;
  child->directory = current->directory;
  child->executable = current->executable;
  inode_share(child->directory);
  if (child->executable) inode_execution_begin(child->executable);
}

static int resources_copy(struct process *child, uint32_t flags) {
  if (arch_context_copy(&child->context, &current->context)) return -ENOMEM;
  child->files = files_copy(current->files);
  if (!child->files) return -ENOMEM;
  if (flags & CLONE_VM) {
    space_share(current->space);
    child->space = current->space;
    return 0;
  }
  child->space = space_copy(current->space);
  if (child->space) return 0;
  files_drop(child->files);
  return -ENOMEM;
}

/* Where the C library wants to read the child's number. */
static void thread_ids_store(struct process *child, uint32_t flags, uint32_t parent_id, uint32_t child_id) {
  if (flags & CLONE_PARENT_SETTID) arch_copy_to_user(parent_id, &child->pid, sizeof child->pid);
  if (flags & CLONE_CHILD_CLEARTID) child->clear_thread_id = child_id;
  if (!(flags & CLONE_CHILD_SETTID)) return;
  arch_space_use(&child->space->arch);
  struct space *own = current->space;
  current->space = child->space;
  arch_copy_to_user(child_id, &child->pid, sizeof child->pid);
  current->space = own;
  arch_space_use(&own->arch);
}

static int duplicate(uint32_t flags, uint32_t stack, uint32_t parent_id, uint32_t child_id) {
  struct process *child = process_make();
  if (is_error(child)) return error_of(child);
  const int error = resources_copy(child, flags);
  if (error) {
    process_reap(child);
    return error;
  }
  inherit(child);
  struct registers *registers = arch_user_registers(&child->context);
  registers->eax = 0;
  if (stack) registers->esp = stack;
  thread_ids_store(child, flags, parent_id, child_id);
  const uint32_t pid = child->pid;
  child->vfork_child = flags & CLONE_VFORK;
  process_wake(child);
  /* Not even a signal may bring the parent back to a stack that the child still uses, except the deadly one. */
  while (flags & CLONE_VFORK && process_by_id(pid) && child->vfork_child && child->parent == current) {
    const uint64_t blocked = current->signals.blocked;
    current->signals.blocked = ~signal_bit(SIGKILL);
    const int interrupted = wait_on(&current->vfork_wait);
    current->signals.blocked = blocked;
    if (interrupted) break;
  }
  return (int)pid;
}

int call_fork(const uint32_t *a) {
  (void)a;
  return duplicate(0, 0, 0, 0);
}

int call_vfork(const uint32_t *a) {
  (void)a;
  return duplicate(CLONE_VM | CLONE_VFORK, 0, 0, 0);
}

/* Sharing memory is possible only as vfork does it: there are no threads. */
int call_clone(const uint32_t *a) {
  const uint32_t flags = a[0];
  if (flags & (CLONE_REFUSED | CLONE_SETTLS)) return -ENOSYS;
  if (flags & CLONE_VM && !(flags & CLONE_VFORK)) return -ENOSYS;
  return duplicate(flags & ~CLONE_SIGNAL, a[1], a[2], a[4]);
}

#define WAIT_NO_HANG 1u
#define WAIT_UNTRACED 2u
#define WAIT_CONTINUED 8u
#define WAIT_KNOWN 0xe000000bu
#define STATUS_CONTINUED 0xffffu

static bool child_wanted(const struct process *child, int32_t pid) {
  if (child->parent != current || child->abandoned) return false;
  if (pid == -1) return true;
  if (pid > 0) return child->pid == (uint32_t)pid;
  return child->group == (pid == 0 ? current->group : (uint32_t)-pid);
}

static bool child_has_news(const struct process *child, uint32_t options) {
  if (child->state == ZOMBIE) return true;
  if (child->state == STOPPED && options & WAIT_UNTRACED) return !child->stop_reported;
  return child->continued && options & WAIT_CONTINUED;
}

static uint32_t child_status(struct process *child) {
  if (child->state == ZOMBIE) return child->exit_status;
  if (child->state == STOPPED) {
    child->stop_reported = true;
    return child->exit_status;
  }
  child->continued = false;
  return STATUS_CONTINUED;
}

struct usage {
  uint32_t times[4];
  uint32_t others[14];
};

static void usage_fill(struct usage *usage, const struct process *child) {
  memset(usage, 0, sizeof *usage);
  const uint32_t user = child->user_ticks + child->children_user_ticks, system = child->system_ticks + child->children_system_ticks;
  usage->times[0] = user / TICKS_PER_SECOND;
  usage->times[1] = user % TICKS_PER_SECOND * (1000000 / TICKS_PER_SECOND);
  usage->times[2] = system / TICKS_PER_SECOND;
  usage->times[3] = system % TICKS_PER_SECOND * (1000000 / TICKS_PER_SECOND);
}

static int collect(struct process *child, uint32_t status_to, uint32_t usage_to) {
  struct usage usage;
  usage_fill(&usage, child);
  const uint32_t pid = child->pid, status = child_status(child);
  if (child->state == ZOMBIE) {
    current->children_user_ticks += child->user_ticks + child->children_user_ticks;
    current->children_system_ticks += child->system_ticks + child->children_system_ticks;
    process_reap(child);
  }
  if (status_to && arch_copy_to_user(status_to, &status, sizeof status)) return -EFAULT;
  if (usage_to && arch_copy_to_user(usage_to, &usage, sizeof usage)) return -EFAULT;
  return (int)pid;
}

static int wait_for(int32_t pid, uint32_t status_to, uint32_t options, uint32_t usage_to) {
  if (options & ~WAIT_KNOWN) return -EINVAL;
  for (;;) {
    bool any = false;
    for (struct process *child = process_list; child; child = child->next) {
      if (!child_wanted(child, pid)) continue;
      any = true;
      if (child_has_news(child, options)) return collect(child, status_to, usage_to);
    }
    if (!any) return -ECHILD;
    if (options & WAIT_NO_HANG) return 0;
    const int error = wait_on(&current->children_wait);
    if (error) return error;
  }
}

int call_waitpid(const uint32_t *a) {
  return wait_for((int32_t)a[0], a[1], a[2], 0);
}

int call_wait4(const uint32_t *a) {
  return wait_for((int32_t)a[0], a[1], a[2], a[3]);
}
