#include "process/process.h"

#include "base/errors.h"
#include "base/text.h"
#include "devices/terminal.h"
#include "files/file.h"
#include "files/inode.h"
#include "kernel.h"
#include "memory/heap.h"
#include "process/jobs.h"

#define PID_MOST 32768u

struct process *current, *process_list;
static struct process *slots[PROCESS_LIMIT];
static uint32_t last_pid, count;

struct process *process_by_id(uint32_t pid) {
  for (struct process *process = process_list; process; process = process->next) {
    if (process->pid == pid) return process;
  }
  return NULL;
}

uint32_t process_count(void) {
  return count;
}

/* A number that no process, group or session has. */
static uint32_t pid_choose(void) {
  for (;;) {
    last_pid = last_pid % PID_MOST + 1;
    if (!process_by_id(last_pid) && !process_group_exists(last_pid, 0)) return last_pid;
  }
}

bool process_group_exists(uint32_t group, uint32_t session) {
  for (const struct process *process = process_list; process; process = process->next) {
    if (process->group == group && (session == 0 || process->session == session)) return true;
  }
  return false;
}

static uint32_t slot_choose(void) {
  uint32_t slot = 0;
  while (slot < PROCESS_LIMIT && slots[slot]) slot++;
  return slot;
}

/* Zombies whose parent said that it would never wait (SIGCHLD ignored). */
static void abandoned_reap(void) {
  struct process *process = process_list;
  while (process) {
    struct process *next = process->next;
    if (process->state == ZOMBIE && process->abandoned) process_reap(process);
    process = next;
  }
}

struct process *process_make(void) {
  abandoned_reap();
  const uint32_t slot = slot_choose();
  if (slot == PROCESS_LIMIT) return error_pointer(-EAGAIN);
  struct process *process = heap_take(sizeof *process);
  if (!process) return error_pointer(-ENOMEM);
  if (arch_context_make(&process->context, slot)) {
    heap_free(process);
    return error_pointer(-ENOMEM);
  }
  process->slot = slot;
  process->pid = pid_choose();
  process->state = WAITING;
  process->start_tick = ticks;
  slots[slot] = process;
  process->next = process_list;
  process_list = process;
  count++;
  return process;
}

void process_reap(struct process *process) {
  struct process **link = &process_list;
  while (*link != process) link = &(*link)->next;
  *link = process->next;
  slots[process->slot] = NULL;
  count--;
  arch_context_free(&process->context, process->slot);
  heap_free(process);
}

void process_release_parent(struct process *process) {
  if (!process->vfork_child) return;
  process->vfork_child = false;
  wake_all(&process->parent->vfork_wait);
}

/* Orphans become init's; zombies that nobody will wait for go at once when init collects them. */
static void children_hand_over(void) {
  struct process *init = process_by_id(1);
  for (struct process *process = process_list; process; process = process->next) {
    if (process->parent != current) continue;
    process->vfork_child = false;
    process->parent = init;
    process->adopted = true;
    if (process->state == ZOMBIE) wake_all(&init->children_wait);
  }
}

static void thread_id_clear(void) {
  const uint32_t nothing = 0;
  if (current->clear_thread_id) arch_copy_to_user(current->clear_thread_id, &nothing, sizeof nothing);
}

static void parent_notify(uint32_t status) {
  struct process *parent = current->parent;
  const uint32_t signal = status & 0x7f;
  const struct signal_information information = {
    signal ? CODE_CHILD_KILLED : CODE_CHILD_EXITED, current->pid, signal ? signal : status >> 8 & 0xff,
  };
  const struct signal_action *action = &parent->signals.actions[SIGCHLD - 1];
  current->abandoned = action->handler == HANDLER_IGNORE || action->flags & ACTION_NO_CHILD_WAIT;
  signal_send(parent, SIGCHLD, information);
  wake_all(&parent->children_wait);
}

void process_exit(uint32_t status) {
  if (current->pid == 1) kernel_finish(status);
  thread_id_clear();
  files_drop(current->files);
  current->files = NULL;
  inode_drop(current->directory);
  if (current->executable) inode_execution_end(current->executable);
  arch_space_use(NULL);
  struct space *space = current->space;
  current->space = NULL;
  space_drop(space);
  process_release_parent(current);
  groups_leave();
  children_hand_over();
  if (current->session == current->pid) terminal_session_end(current->session);
  current->exit_status = status;
  current->has_deadline = false;
  current->state = ZOMBIE;
  parent_notify(status);
  schedule();
  panic("a dead process ran");
}
