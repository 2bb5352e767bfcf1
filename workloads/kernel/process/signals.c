/* Sending and delivering. What the default action of each signal is: POSIX.1-2017, <signal.h>. */
#include "process/signals.h"

#include "base/errors.h"
#include "base/text.h"
#include "kernel.h"
#include "process/jobs.h"
#include "process/process.h"

#define UNBLOCKABLE (signal_bit(SIGKILL) | signal_bit(SIGSTOP))
#define IGNORED_BY_DEFAULT (signal_bit(SIGCHLD) | signal_bit(SIGCONT) | signal_bit(SIGURG) | signal_bit(SIGWINCH))
#define STOPS_BY_DEFAULT (signal_bit(SIGSTOP) | signal_bit(SIGTSTP) | signal_bit(SIGTTIN) | signal_bit(SIGTTOU))
/* Length of INT 80h, to which a call that starts again returns. */
#define SYSTEM_CALL_BYTES 2u
#define STATUS_STOPPED 0x7fu

static bool ignored(const struct process *process, uint32_t signal) {
  const uint32_t handler = process->signals.actions[signal - 1].handler;
  if (process->signals.blocked & signal_bit(signal)) return false;
  return handler == HANDLER_IGNORE || (handler == HANDLER_DEFAULT && IGNORED_BY_DEFAULT & signal_bit(signal));
}

/*
 * Init dies of nothing that it has not asked for, except a fault of its own; nobody may kill the system. With the option `mortal` it is a program
 * like others, but for being stopped: nobody could let it go on.
 */
static bool protected(const struct process *process, uint32_t signal) {
  const bool mortal = kernel_options.mortal && !(STOPS_BY_DEFAULT & signal_bit(signal));
  return process->pid == 1 && !mortal && process->signals.actions[signal - 1].handler == HANDLER_DEFAULT;
}

/* A child stopped or goes on; the parent may wait for it (wait4), or want to hear of it. */
static void parent_tell(const struct process *child, int32_t code, uint32_t signal) {
  struct process *parent = child->parent;
  if (!parent) return;
  const bool wants = !(parent->signals.actions[SIGCHLD - 1].flags & ACTION_NO_CHILD_STOP);
  if (wants) signal_send(parent, SIGCHLD, (struct signal_information){ code, child->pid, signal });
  wake_all(&parent->children_wait);
}

/* SIGKILL wakes, too, but who is killed has not gone on. */
static void job_continue(struct process *process, uint32_t signal) {
  process->signals.pending &= ~STOPS_BY_DEFAULT;
  if (process->state != STOPPED) return;
  process_wake(process);
  if (signal == SIGKILL) return;
  process->continued = true;
  parent_tell(process, CODE_CHILD_CONTINUED, SIGCONT);
}

void signal_send(struct process *process, uint32_t signal, struct signal_information information) {
  struct signals *signals = &process->signals;
  if (process->state == ZOMBIE) return;
  if (signal == SIGCONT || signal == SIGKILL) job_continue(process, signal);
  if (STOPS_BY_DEFAULT & signal_bit(signal)) signals->pending &= ~signal_bit(SIGCONT);
  if (ignored(process, signal)) return;
  if (!(signals->pending & signal_bit(signal))) signals->information[signal - 1] = information;
  signals->pending |= signal_bit(signal);
  if (process->state == WAITING && !process->undisturbed && signal_waits(process)) process_wake(process);
}

uint32_t signal_send_group(uint32_t group, uint32_t signal, struct signal_information information) {
  uint32_t count = 0;
  for (struct process *process = process_list; process; process = process->next) {
    if (process->group != group || process->state == ZOMBIE) continue;
    if (signal) signal_send(process, signal, information);
    count++;
  }
  return count;
}

void signal_force(uint32_t signal, struct signal_information information) {
  struct signals *signals = &current->signals;
  struct signal_action *action = &signals->actions[signal - 1];
  if (signals->blocked & signal_bit(signal) || action->handler == HANDLER_IGNORE || signal == SIGKILL) action->handler = HANDLER_DEFAULT;
  if (action->handler == HANDLER_DEFAULT) process_exit(signal);
  signals->blocked &= ~signal_bit(signal);
  signals->information[signal - 1] = information;
  signals->pending |= signal_bit(signal);
}

bool signal_waits(const struct process *process) {
  return process->signals.pending & (~process->signals.blocked | UNBLOCKABLE);
}

void signal_blocked_set(uint64_t mask) {
  current->signals.blocked = mask & ~UNBLOCKABLE;
}

void signals_reset(struct signals *signals) {
  for (uint32_t at = 0; at < SIGNALS; at++) {
    const uint32_t handler = signals->actions[at].handler;
    signals->actions[at] = (struct signal_action){ handler == HANDLER_IGNORE ? HANDLER_IGNORE : HANDLER_DEFAULT, 0, 0, 0 };
  }
  signals->alternate_stack = signals->alternate_bytes = 0;
}

/* The faults of the program itself come before what others sent (signal(7), "Real-time signals" leaves the order open). */
static uint32_t signal_next(void) {
  static const uint8_t faults[] = { SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE };
  const uint64_t waiting = current->signals.pending & (~current->signals.blocked | UNBLOCKABLE);
  for (uint32_t at = 0; at < COUNT_OF(faults); at++) {
    if (waiting & signal_bit(faults[at])) return faults[at];
  }
  for (uint32_t signal = 1; signal <= SIGNALS; signal++) {
    if (waiting & signal_bit(signal)) return signal;
  }
  return 0;
}

static void stop(uint32_t signal) {
  current->state = STOPPED;
  current->stop_reported = false;
  current->exit_status = signal << 8 | STATUS_STOPPED;
  current->continued = false;
  parent_tell(current, CODE_CHILD_STOPPED, signal);
  schedule();
}

static void act_by_default(uint32_t signal) {
  if (IGNORED_BY_DEFAULT & signal_bit(signal) || protected(current, signal)) return;
  if (!(STOPS_BY_DEFAULT & signal_bit(signal))) process_exit(signal);
  /* A group without anyone to continue it must not stop at the terminal's request (POSIX, 2.4.3). */
  if (signal == SIGSTOP || !group_orphaned(current->group, current->session, NULL)) stop(signal);
}

/* The call that was interrupted either starts again or ends with EINTR. */
static void call_settle(struct registers *registers, bool handled, uint32_t flags) {
  if (!current->in_system_call) return;
  const int32_t result = (int32_t)registers->eax;
  if (result != -ERESTART_IF_ASKED && result != -ERESTART_NO_HANDLER) return;
  current->in_system_call = false;
  if (!handled || (result == -ERESTART_IF_ASKED && flags & ACTION_RESTART)) {
    registers->eax = registers->error;
    registers->eip -= SYSTEM_CALL_BYTES;
  } else {
    registers->eax = (uint32_t)-EINTR;
  }
}

static void handler_enter(struct registers *registers, uint32_t signal) {
  struct signals *signals = &current->signals;
  const struct signal_action action = signals->actions[signal - 1];
  const uint64_t mask = signals->suspended ? signals->blocked_before : signals->blocked;
  call_settle(registers, true, action.flags);
  if (frame_push(registers, signal, &action, mask)) process_exit(SIGSEGV);
  signals->suspended = false;
  if (action.flags & ACTION_RESET) signals->actions[signal - 1].handler = HANDLER_DEFAULT;
  signal_blocked_set(signals->blocked | action.mask | (action.flags & ACTION_NO_DEFER ? 0 : signal_bit(signal)));
}

void signals_deliver(struct registers *registers) {
  struct signals *signals = &current->signals;
  for (uint32_t signal = signal_next(); signal; signal = signal_next()) {
    signals->pending &= ~signal_bit(signal);
    const uint32_t handler = signals->actions[signal - 1].handler;
    if (handler == HANDLER_IGNORE) continue;
    if (handler == HANDLER_DEFAULT) act_by_default(signal);
    else handler_enter(registers, signal);
  }
  if (signals->suspended) {
    signals->suspended = false;
    signals->blocked = signals->blocked_before;
  }
  call_settle(registers, false, 0);
}
