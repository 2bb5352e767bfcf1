/* System calls on signals. The old forms have masks of 32 bits. */
#include "base/errors.h"
#include "base/text.h"
#include "process/calls.h"
#include "process/process.h"
#include "process/time.h"

#define MASK_BYTES 8u
#define HOW_BLOCK 0u
#define HOW_UNBLOCK 1u
#define HOW_SET 2u

/* struct kernel sigaction; the old one has handler, mask, flags, restorer, all words. */
struct action_image {
  uint32_t handler, flags, restorer, mask[2];
};
struct old_action_image {
  uint32_t handler, mask, flags, restorer;
};

static struct signal_information from_user(int32_t code) {
  return (struct signal_information){ code, current->pid, 0 };
}

int call_kill(const uint32_t *a) {
  const int32_t pid = (int32_t)a[0];
  const uint32_t signal = a[1];
  uint32_t count = 0;
  if (signal > SIGNALS) return -EINVAL;
  if (pid > 0) {
    struct process *process = process_by_id((uint32_t)pid);
    if (!process) return -ESRCH;
    if (signal) signal_send(process, signal, from_user(CODE_USER));
    return 0;
  }
  if (pid != -1) {
    count = signal_send_group(pid == 0 ? current->group : (uint32_t)-pid, signal, from_user(CODE_USER));
  } else {
    for (struct process *process = process_list; process; process = process->next) {
      if (process->pid == 1 || process == current) continue;
      if (signal) signal_send(process, signal, from_user(CODE_USER));
      count++;
    }
  }
  return count ? 0 : -ESRCH;
}

static int thread_kill(uint32_t pid, uint32_t signal) {
  struct process *process = process_by_id(pid);
  if (signal > SIGNALS || (int32_t)pid <= 0) return -EINVAL;
  if (!process) return -ESRCH;
  if (signal) signal_send(process, signal, from_user(CODE_THREAD));
  return 0;
}

int call_tkill(const uint32_t *a) {
  return thread_kill(a[0], a[1]);
}

int call_tgkill(const uint32_t *a) {
  return a[0] == a[1] ? thread_kill(a[1], a[2]) : -ESRCH;
}

static int action_exchange(uint32_t signal, const struct signal_action *wanted, struct signal_action *before) {
  if (signal == 0 || signal > SIGNALS) return -EINVAL;
  struct signal_action *action = &current->signals.actions[signal - 1];
  *before = *action;
  if (!wanted) return 0;
  if (signal == SIGKILL || signal == SIGSTOP) return -EINVAL;
  *action = *wanted;
  /* What is ignored now is forgotten (POSIX, sigaction). */
  const bool default_ignored = signal == SIGCHLD || signal == SIGCONT || signal == SIGURG || signal == SIGWINCH;
  if (action->handler == HANDLER_IGNORE || (action->handler == HANDLER_DEFAULT && default_ignored)) current->signals.pending &= ~signal_bit(signal);
  return 0;
}

int call_rt_sigaction(const uint32_t *a) {
  struct action_image image;
  struct signal_action wanted, before;
  if (a[3] != MASK_BYTES) return -EINVAL;
  if (a[1]) {
    if (arch_copy_from_user(&image, a[1], sizeof image)) return -EFAULT;
    wanted = (struct signal_action){ image.handler, image.flags, image.restorer, image.mask[0] | (uint64_t)image.mask[1] << 32 };
  }
  const int error = action_exchange(a[0], a[1] ? &wanted : NULL, &before);
  if (error || !a[2]) return error;
  image = (struct action_image){ before.handler, before.flags, before.restorer, { (uint32_t)before.mask, (uint32_t)(before.mask >> 32) } };
  return arch_copy_to_user(a[2], &image, sizeof image) ? -EFAULT : 0;
}

int call_sigaction(const uint32_t *a) {
  struct old_action_image image;
  struct signal_action wanted, before;
  if (a[1]) {
    if (arch_copy_from_user(&image, a[1], sizeof image)) return -EFAULT;
    wanted = (struct signal_action){ image.handler, image.flags, image.restorer, image.mask };
  }
  const int error = action_exchange(a[0], a[1] ? &wanted : NULL, &before);
  if (error || !a[2]) return error;
  image = (struct old_action_image){ before.handler, (uint32_t)before.mask, before.flags, before.restorer };
  return arch_copy_to_user(a[2], &image, sizeof image) ? -EFAULT : 0;
}

int call_signal(const uint32_t *a) {
  const struct signal_action wanted = { a[1], ACTION_RESET | ACTION_NO_DEFER, 0, 0 };
  struct signal_action before;
  const int error = action_exchange(a[0], &wanted, &before);
  return error ? error : (int)before.handler;
}

/* `bytes` are 4 for the old form, which leaves the upper half alone. */
static int mask_change(uint32_t how, uint32_t from, uint32_t to, uint32_t bytes) {
  const uint64_t before = current->signals.blocked;
  uint64_t mask = 0;
  if (from) {
    if (arch_copy_from_user(&mask, from, bytes)) return -EFAULT;
    switch (how) {
      case HOW_BLOCK: mask |= before; break;
      case HOW_UNBLOCK: mask = before & ~mask; break;
      case HOW_SET: mask |= bytes == MASK_BYTES ? 0 : before >> 32 << 32; break;
      default: return -EINVAL;
    }
    signal_blocked_set(mask);
  }
  return to && arch_copy_to_user(to, &before, bytes) ? -EFAULT : 0;
}

int call_rt_sigprocmask(const uint32_t *a) {
  return a[3] == MASK_BYTES ? mask_change(a[0], a[1], a[2], MASK_BYTES) : -EINVAL;
}

int call_sigprocmask(const uint32_t *a) {
  return mask_change(a[0], a[1], a[2], sizeof(uint32_t));
}

static int pending_show(uint32_t to, uint32_t bytes) {
  const uint64_t pending = current->signals.pending & current->signals.blocked;
  return arch_copy_to_user(to, &pending, bytes) ? -EFAULT : 0;
}

int call_sigpending(const uint32_t *a) {
  return pending_show(a[0], sizeof(uint32_t));
}

int call_rt_sigpending(const uint32_t *a) {
  return a[1] > MASK_BYTES ? -EINVAL : pending_show(a[0], a[1]);
}

static struct wait_queue nobody;

/* The mask comes back when a handler is entered or no signal was worth it (signals_deliver). */
void signals_suspend(uint64_t mask) {
  struct signals *signals = &current->signals;
  signals->blocked_before = signals->blocked;
  signals->suspended = true;
  signal_blocked_set(mask);
}

static int suspend(uint64_t mask) {
  signals_suspend(mask);
  while (!wait_on(&nobody)) {
  }
  return -ERESTART_NO_HANDLER;
}

int call_sigsuspend(const uint32_t *a) {
  return suspend(a[2]);
}

int call_rt_sigsuspend(const uint32_t *a) {
  uint64_t mask;
  if (a[1] != MASK_BYTES) return -EINVAL;
  return arch_copy_from_user(&mask, a[0], sizeof mask) ? -EFAULT : suspend(mask);
}

int call_pause(const uint32_t *a) {
  (void)a;
  while (!wait_on(&nobody)) {
  }
  return -ERESTART_NO_HANDLER;
}

static uint32_t lowest_signal(uint64_t set) {
  uint32_t signal = 1;
  while (!(set & signal_bit(signal))) signal++;
  return signal;
}

/* Takes one of the signals of a set without running its handler; `limit` is a tick or 0 for none. */
static int timed_wait(uint64_t set, uint32_t information_to, bool timed, uint32_t limit) {
  struct signals *signals = &current->signals;
  const uint64_t blocked = signals->blocked;
  for (;;) {
    const uint64_t ready = signals->pending & set;
    if (ready) {
      const uint32_t signal = lowest_signal(ready);
      const struct signal_information *information = &signals->information[signal - 1];
      const int32_t image[32] = { (int32_t)signal, 0, information->code, (int32_t)information->who, 0, (int32_t)information->value };
      signals->pending &= ~signal_bit(signal);
      return information_to && arch_copy_to_user(information_to, image, sizeof image) ? -EFAULT : (int)signal;
    }
    signals->blocked &= ~set;
    const int error = timed ? wait_until(&nobody, limit) : wait_on(&nobody);
    signals->blocked = blocked;
    if (error && !(signals->pending & set)) return error == -ETIMEDOUT ? -EAGAIN : -EINTR;
  }
}

static int timed_wait_call(const uint32_t *a, bool wide) {
  uint64_t set;
  uint32_t limit = 0;
  if (a[3] != MASK_BYTES) return -EINVAL;
  if (arch_copy_from_user(&set, a[0], sizeof set)) return -EFAULT;
  const int error = a[2] ? deadline_from_user(a[2], wide, &limit) : 0;
  return error ? error : timed_wait(set, a[1], a[2], limit);
}

int call_rt_sigtimedwait(const uint32_t *a) {
  return timed_wait_call(a, false);
}

int call_rt_sigtimedwait64(const uint32_t *a) {
  return timed_wait_call(a, true);
}
