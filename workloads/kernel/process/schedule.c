/* Round robin, sleeping and waking, and what is done at a tick. */
#include "base/errors.h"
#include "base/text.h"
#include "devices/disk-queue.h"
#include "devices/terminal.h"
#include "process/process.h"

#define QUANTUM_TICKS 5u

volatile uint32_t ticks;
uint32_t idle_ticks, context_switches;
struct wait_queue pollers;

static struct process *run_first, *run_last;
static uint32_t ticks_done, next_timer;
static bool timer_set, reschedule, idle;

static void run_add(struct process *process) {
  process->run_next = NULL;
  if (run_first) run_last->run_next = process;
  else run_first = process;
  run_last = process;
}

static struct process *run_take(void) {
  struct process *process = run_first;
  run_first = process->run_next;
  return process;
}

static void queue_leave(struct process *process) {
  if (!process->waiting_on) return;
  struct process **link = &process->waiting_on->first;
  while (*link != process) link = &(*link)->wait_next;
  *link = process->wait_next;
  process->waiting_on = NULL;
}

void process_wake(struct process *process) {
  if (process->state != WAITING && process->state != STOPPED) return;
  queue_leave(process);
  process->state = RUNNABLE;
  run_add(process);
}

/* In the order in which they came to sleep. */
static void queue_wake(struct wait_queue *queue) {
  while (queue->first) process_wake(queue->first);
}

void wake_all(struct wait_queue *queue) {
  queue_wake(queue);
  if (pollers.first) queue_wake(&pollers);
}

static void queue_join(struct wait_queue *queue) {
  struct process **link = &queue->first;
  while (*link) link = &(*link)->wait_next;
  current->wait_next = NULL;
  *link = current;
  current->waiting_on = queue;
}

/* Without anything to run, the processor waits on the stack of whoever came here last. */
static struct process *next_process(void) {
  while (!run_first) {
    idle = true;
    arch_interrupts_disable();
    if (ticks == ticks_done && !disk_answer_waits && !terminal_input_waits()) arch_idle();
    arch_interrupts_disable();
    housekeeping();
    arch_interrupts_enable();
  }
  idle = false;
  return run_take();
}

void schedule(void) {
  struct process *from = current;
  if (from->state == RUNNABLE) run_add(from);
  struct process *to = next_process();
  reschedule = false;
  to->quantum = QUANTUM_TICKS;
  if (to == from) return;
  context_switches++;
  current = to;
  if (to->space) arch_space_use(&to->space->arch);
  arch_switch(&from->context, &to->context);
}

static void sleep_until_woken(struct wait_queue *queue) {
  current->state = WAITING;
  queue_join(queue);
  schedule();
}

static int sleep_in(struct wait_queue *queue) {
  if (signal_waits(current)) return -ERESTART_IF_ASKED;
  sleep_until_woken(queue);
  return signal_waits(current) ? -ERESTART_IF_ASKED : 0;
}

void wait_undisturbed(struct wait_queue *queue) {
  current->undisturbed = true;
  sleep_until_woken(queue);
  current->undisturbed = false;
}

int wait_on(struct wait_queue *queue) {
  return sleep_in(queue);
}

int wait_until(struct wait_queue *queue, uint32_t deadline) {
  if (tick_reached(deadline)) return -ETIMEDOUT;
  current->deadline = deadline;
  current->has_deadline = true;
  timer_note(deadline);
  const int error = sleep_in(queue);
  current->has_deadline = false;
  return error ? error : tick_reached(deadline) ? -ETIMEDOUT : 0;
}

uint32_t deadline_in(uint32_t ticks_ahead) {
  return ticks + smaller(ticks_ahead, INT32_MAX - 1) + 1;
}

void timer_note(uint32_t tick) {
  if (!timer_set || (int32_t)(tick - next_timer) < 0) next_timer = tick;
  timer_set = true;
}

static void alarm_ring(struct process *process) {
  signal_send(process, SIGALRM, (struct signal_information){ CODE_KERNEL, 0, 0 });
  process->alarm_at = process->alarm_interval ? ticks + process->alarm_interval : 0;
}

static void timers_run(void) {
  if (!timer_set || !tick_reached(next_timer)) return;
  timer_set = false;
  for (struct process *process = process_list; process; process = process->next) {
    if (process->state == ZOMBIE) continue;
    if (process->alarm_at && tick_reached(process->alarm_at)) alarm_ring(process);
    if (process->alarm_at) timer_note(process->alarm_at);
    if (!process->has_deadline) continue;
    if (!tick_reached(process->deadline)) timer_note(process->deadline);
    else if (process->state == WAITING) process_wake(process);
  }
}

void housekeeping(void) {
  ticks_done = ticks;
  timers_run();
  disk_answer_take();
  terminal_input_take();
}

/* An itimer that runs while the process does: `which` is 0 for user time only, 1 for all its time. */
static void virtual_timer_tick(struct process *process, uint32_t which) {
  if (process->virtual_left[which] == 0 || --process->virtual_left[which] > 0) return;
  process->virtual_left[which] = process->virtual_interval[which];
  process->signals.pending |= signal_bit(which == 0 ? SIGVTALRM : SIGPROF);
}

void kernel_tick(bool user) {
  ticks++;
  if (idle) {
    idle_ticks++;
    return;
  }
  if (user) {
    current->user_ticks++;
    virtual_timer_tick(current, 0);
  } else {
    current->system_ticks++;
  }
  virtual_timer_tick(current, 1);
  if (current->quantum > 0 && --current->quantum == 0) reschedule = true;
}

void kernel_leave(struct registers *registers) {
  for (;;) {
    if (ticks != ticks_done || disk_answer_waits || terminal_input_waits()) housekeeping();
    if (reschedule) {
      current->quantum = QUANTUM_TICKS;
      reschedule = false;
      if (run_first) {
        arch_interrupts_enable();
        schedule();
        arch_interrupts_disable();
        continue;
      }
    }
    if (!signal_waits(current) && !current->signals.suspended) return;
    arch_interrupts_enable();
    signals_deliver(registers);
    arch_interrupts_disable();
    if (!signal_waits(current)) return;
  }
}
