/* System calls on who a process is: numbers, groups, sessions, users, segments, ports. */
#include "base/errors.h"
#include "base/text.h"
#include "process/calls.h"
#include "process/process.h"

int call_exit(const uint32_t *a) {
  process_exit((a[0] & 0xff) << 8);
}

int call_exit_group(const uint32_t *a) {
  process_exit((a[0] & 0xff) << 8);
}

int call_getpid(const uint32_t *a) {
  (void)a;
  return (int)current->pid;
}

int call_gettid(const uint32_t *a) {
  (void)a;
  return (int)current->pid;
}

int call_getppid(const uint32_t *a) {
  (void)a;
  return current->parent ? (int)current->parent->pid : 0;
}

int call_getpgrp(const uint32_t *a) {
  (void)a;
  return (int)current->group;
}

static struct process *process_or_self(uint32_t pid) {
  return pid ? process_by_id(pid) : current;
}

int call_getpgid(const uint32_t *a) {
  const struct process *process = process_or_self(a[0]);
  return process ? (int)process->group : -ESRCH;
}

int call_getsid(const uint32_t *a) {
  const struct process *process = process_or_self(a[0]);
  return process ? (int)process->session : -ESRCH;
}

int call_setpgid(const uint32_t *a) {
  struct process *process = process_or_self(a[0]);
  if ((int32_t)a[1] < 0) return -EINVAL;
  if (!process || (process != current && process->parent != current)) return -ESRCH;
  if (process != current && process->has_executed) return -EACCES;
  const uint32_t group = a[1] ? a[1] : process->pid;
  if (process->session == process->pid || process->session != current->session) return -EPERM;
  if (group != process->pid && !process_group_exists(group, current->session)) return -EPERM;
  process->group = group;
  return 0;
}

int call_setsid(const uint32_t *a) {
  (void)a;
  if (process_group_exists(current->pid, 0)) return -EPERM;
  return (int)(current->session = current->group = current->pid);
}

int call_getuid(const uint32_t *a) {
  (void)a;
  return (int)current->user;
}

int call_setuid(const uint32_t *a) {
  if (current->user != 0 && a[0] != current->user) return -EPERM;
  current->user = a[0];
  return 0;
}

int call_getresuid(const uint32_t *a) {
  for (uint32_t at = 0; at < 3; at++) {
    if (arch_copy_to_user(a[at], &current->user, sizeof current->user)) return -EFAULT;
  }
  return 0;
}

int call_getgroups(const uint32_t *a) {
  (void)a;
  return 0;
}

/* Calls that have nothing to do here and succeed. */
int call_zero(const uint32_t *a) {
  (void)a;
  return 0;
}

int call_sched_yield(const uint32_t *a) {
  (void)a;
  schedule();
  return 0;
}

/* What getpriority returns is 20 minus the nice value. */
int call_getpriority(const uint32_t *a) {
  (void)a;
  return 20;
}

int call_sched_getaffinity(const uint32_t *a) {
  const uint32_t mask = 1;
  if (a[1] < sizeof mask) return -EINVAL;
  return arch_copy_to_user(a[2], &mask, sizeof mask) ? -EFAULT : (int)sizeof mask;
}

int call_getcpu(const uint32_t *a) {
  const uint32_t zero = 0;
  if (a[0] && arch_copy_to_user(a[0], &zero, sizeof zero)) return -EFAULT;
  return a[1] && arch_copy_to_user(a[1], &zero, sizeof zero) ? -EFAULT : 0;
}

int call_set_tid_address(const uint32_t *a) {
  current->clear_thread_id = a[0];
  return (int)current->pid;
}

int call_iopl(const uint32_t *a) {
  return arch_ports_level(&current->context, a[0]);
}

int call_ioperm(const uint32_t *a) {
  return arch_ports_allow(&current->context, a[0], a[1], a[2]);
}

/* struct user_desc. */
struct segment_image {
  uint32_t number, base, limit, flags;
};
#define SEGMENT_CONTENTS 0x06u
#define SEGMENT_READ_ONLY 0x08u
#define SEGMENT_PAGES 0x10u
#define SEGMENT_NOT_PRESENT 0x20u
#define SEGMENT_ANY 0xffffffffu

/* An empty description, with or without the mark "not present", clears the entry. */
static bool segment_empty(const struct segment_image *image) {
  return image->base == 0 && image->limit == 0 && image->flags & SEGMENT_READ_ONLY && image->flags & SEGMENT_NOT_PRESENT;
}

int call_set_thread_area(const uint32_t *a) {
  struct segment_image image;
  if (arch_copy_from_user(&image, a[0], sizeof image)) return -EFAULT;
  if (image.flags & SEGMENT_CONTENTS) return -EINVAL;
  if (image.number == SEGMENT_ANY) {
    uint32_t index = 0;
    while (index < THREAD_SEGMENTS && !arch_thread_segment_free(&current->context, index)) index++;
    if (index == THREAD_SEGMENTS) return -ESRCH;
    image.number = THREAD_SEGMENT_FIRST + index;
    if (arch_copy_to_user(a[0], &image.number, sizeof image.number)) return -EFAULT;
  }
  if (image.number - THREAD_SEGMENT_FIRST >= THREAD_SEGMENTS) return -EINVAL;
  const bool present = !segment_empty(&image) && !(image.flags & SEGMENT_NOT_PRESENT);
  const struct thread_segment segment = { image.base, image.limit & 0xfffff, image.flags & SEGMENT_PAGES, !(image.flags & SEGMENT_READ_ONLY), present };
  arch_thread_segment(&current->context, image.number - THREAD_SEGMENT_FIRST, &segment);
  return 0;
}

#define PRCTL_SET_NAME 15u
#define PRCTL_GET_NAME 16u
int call_prctl(const uint32_t *a) {
  if (a[0] == PRCTL_GET_NAME) return arch_copy_to_user(a[1], current->name, sizeof current->name) ? -EFAULT : 0;
  if (a[0] != PRCTL_SET_NAME) return -EINVAL;
  char name[NAME_BYTES] = { 0 };
  /* The text may be shorter than what is copied, and end before a page that is not there. */
  for (uint32_t at = 0; at < NAME_BYTES - 1; at++) {
    if (arch_copy_from_user(name + at, a[1] + at, 1)) return -EFAULT;
    if (!name[at]) break;
  }
  memcpy(current->name, name, sizeof name);
  return 0;
}
