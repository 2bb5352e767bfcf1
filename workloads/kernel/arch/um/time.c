/* The host's signals as interrupts, and its clock. */
#include "arch/ported/events.h"
#include "base/text.h"
#include "host.h"
#include "interrupt-words.h"
#include "process/signals.h"
#include "time.h"

#define CLOCK_MONOTONIC 1
#define TIMER_REAL 0
#define SIGNAL_STACK_BYTES 0x10000u
#define NANOSECONDS_PER_SECOND 1000000000u

volatile uint32_t interrupt_flag, events_pending;
static uint8_t signal_stack[SIGNAL_STACK_BYTES] __attribute__((aligned(64)));
static const uint32_t interrupt_mask[2] = { 1u << (SIGALRM - 1) | 1u << (SIGNAL_IO - 1), 0 };

/* Runs on a stack of its own, whatever the kernel was doing. A program that runs is stopped by the same signal, and then the kernel looks. */
static void signal_arrived(uint32_t signal) {
  __atomic_fetch_or(&events_pending, signal == SIGALRM ? EVENT_TIMER : EVENT_CONSOLE, __ATOMIC_SEQ_CST);
  if (program_running) {
    HOST(HOST_KILL, program_running, signal);
  } else if (interrupt_flag) {
    interrupt_flag = 0;
    events_take(false);
    interrupt_flag = 1;
  }
}

void interrupts_install(void) {
  const struct host_stack stack = { (uint32_t)signal_stack, 0, sizeof signal_stack };
  const struct host_action action = { (uint32_t)signal_arrived, ACTION_RESTORER | ACTION_ALTERNATE_STACK | ACTION_RESTART, (uint32_t)host_restorer, { interrupt_mask[0], 0 } };
  HOST(HOST_SIGALTSTACK, &stack, 0);
  HOST(HOST_RT_SIGACTION, SIGALRM, &action, 0, HOST_MASK_BYTES);
  HOST(HOST_RT_SIGACTION, SIGNAL_IO, &action, 0, HOST_MASK_BYTES);
}

uint64_t time_now(void) {
  uint32_t time[2];
  HOST(HOST_CLOCK_GETTIME, CLOCK_MONOTONIC, time);
  return (uint64_t)time[0] * NANOSECONDS_PER_SECOND + time[1];
}

/* What comes between the look and the wait is kept back by the mask. */
void arch_idle(void) {
  static const uint32_t nothing[2];
  HOST(HOST_RT_SIGPROCMASK, SIGNAL_BLOCK, interrupt_mask, 0, HOST_MASK_BYTES);
  if (EVENTS_PENDING == 0) HOST(HOST_RT_SIGSUSPEND, nothing, HOST_MASK_BYTES);
  HOST(HOST_RT_SIGPROCMASK, SIGNAL_UNBLOCK, interrupt_mask, 0, HOST_MASK_BYTES);
  arch_interrupts_enable();
}

void arch_timer_start(void) {
  const uint32_t interval[4] = { 0, MICROSECONDS_PER_TICK, 0, MICROSECONDS_PER_TICK };
  ticks_start();
  HOST(HOST_SETITIMER, TIMER_REAL, interval, 0);
}
