/* Processes and how they wait for each other. */
#ifndef PROCESS_PROCESS_H
#define PROCESS_PROCESS_H

#include "arch/arch.h"
#include "memory/space.h"
#include "process/signals.h"

struct process;
struct files;
struct inode;

enum process_state { RUNNABLE, WAITING, STOPPED, ZOMBIE };

struct wait_queue {
  struct process *first;
};

/* Resource limits (getrlimit); the numbers are the ABI's. */
#define LIMITS 16
#define LIMIT_STACK 3
#define LIMIT_FILES 7
#define LIMIT_INFINITY 0xffffffffu
struct limit {
  uint32_t soft, hard;
};

#define NAME_BYTES 16

struct process {
  struct arch_context context;
  uint32_t slot, pid, group, session;
  enum process_state state;
  struct process *parent, *next, *run_next, *wait_next;
  struct wait_queue *waiting_on;
  /* The tick at which a wait ends, if it ends by time. */
  uint32_t deadline;
  bool has_deadline, in_system_call;
  /* Sleeps for a device that will answer: no signal wakes it, not even SIGKILL. */
  bool undisturbed;
  struct space *space;
  struct files *files;
  struct inode *directory, *executable;
  uint32_t file_mask, user;
  char name[NAME_BYTES];
  uint32_t arguments_start, arguments_end;
  /* As wait4 reports it. */
  uint32_t exit_status;
  bool stop_reported, continued, abandoned;
  struct wait_queue children_wait, vfork_wait;
  bool vfork_child;
  /* Since fork; from then on its parent may no longer move it to another group. */
  bool has_executed;
  /* Process 1 has it because its own parent is gone. Even if that is a shell, it is no job of its. */
  bool adopted;
  struct signals signals;
  struct limit limits[LIMITS];
  uint32_t alarm_at, alarm_interval;
  uint32_t virtual_left[2], virtual_interval[2];
  uint32_t user_ticks, system_ticks, children_user_ticks, children_system_ticks;
  uint32_t start_tick, faults, quantum;
  uint32_t clear_thread_id;
};

extern struct process *current, *process_list;

/* ---- process.c ---- */
/* A process that has everything of its own but a space, files and directory; -EAGAIN or -ENOMEM as a pointer. */
struct process *process_make(void);
struct process *process_by_id(uint32_t pid);
uint32_t process_count(void);
__attribute__((noreturn)) void process_exit(uint32_t status);
/* Frees a zombie. */
void process_reap(struct process *process);
/* A vfork parent goes on once its child has a space of its own or is gone. */
void process_release_parent(struct process *process);
bool process_group_exists(uint32_t group, uint32_t session);

/* ---- schedule.c ---- */
#define TICKS_PER_SECOND 100u
extern volatile uint32_t ticks;
extern uint32_t idle_ticks, context_switches;

/* Gives the processor to the next runnable process; comes back when the caller has been made runnable again. */
void schedule(void);
void process_wake(struct process *process);
void wake_all(struct wait_queue *queue);
/*
 * Sleeps until woken: 0, or -ERESTART_IF_ASKED when a signal waits for delivery. Callers check their condition in a loop.
 * The second form also ends at a tick, with -ETIMEDOUT.
 */
int wait_on(struct wait_queue *queue);
int wait_until(struct wait_queue *queue, uint32_t deadline);
/* Sleeps until woken, whatever signals come; only for what is sure to come soon. */
void wait_undisturbed(struct wait_queue *queue);
/* Who waits for several things at once waits here; every wake_all looks at it. */
extern struct wait_queue pollers;
/* Runs what is due: timers, console input, the disk's answer. Interrupts off at both ends. */
void housekeeping(void);
/* The tick `ticks_ahead` from now, at least that long away. */
uint32_t deadline_in(uint32_t ticks_ahead);
/* Timer deadlines changed: look at them at `tick` at the latest. */
void timer_note(uint32_t tick);
static inline bool tick_reached(uint32_t tick) {
  return (int32_t)(ticks - tick) >= 0;
}

#endif
