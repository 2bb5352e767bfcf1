/* The virtual interrupt flag, batched events, and time (docs/paravirt.md, sections 3 and 6). Only idling is a hypercall. */
#include "paravirt.h"

#define NANOSECONDS_PER_TICK 10000000u
#define MICROSECONDS_PER_TICK (NANOSECONDS_PER_TICK / 1000u)
#define NO_TIMEOUT 0u

/* When the last tick was due that has been counted. */
static uint64_t tick_time;

/* The monitor may set it between the reads of its halves. */
static uint64_t time_now(void) {
  for (;;) {
    const uint32_t high = MACHINE->time_high, low = MACHINE->time_low;
    if (high == MACHINE->time_high) return (uint64_t)high << 32 | low;
  }
}

static void timer_event(bool user) {
  while (time_now() - tick_time >= NANOSECONDS_PER_TICK) {
    tick_time += NANOSECONDS_PER_TICK;
    kernel_tick(user);
  }
}

/* One entry takes all that has happened; what happens meanwhile is taken by another round, without an entry. */
void events_take(bool user) {
  for (;;) {
    uint32_t events = 0;
    __asm__ volatile("xchgl %0, %1" : "+r"(events), "+m"(MACHINE->pending) : : "memory");
    if (events == 0) return;
    if (events & EVENT_TIMER) timer_event(user);
    if (events & EVENT_CONSOLE) console_event();
    if (events & EVENT_DISK) disk_event();
  }
}

/* An event that came while the flag was clear is taken here: the monitor enters only for one that comes while it is set. */
void arch_interrupts_enable(void) {
  do {
    if (MACHINE->pending) {
      MACHINE->interrupts = 0;
      events_take(false);
    }
    MACHINE->interrupts = 1;
    __asm__ volatile("" : : : "memory");
  } while (MACHINE->pending);
}

void arch_interrupts_disable(void) {
  MACHINE->interrupts = 0;
  __asm__ volatile("" : : : "memory");
}

/* The monitor comes back at once when something is pending already. */
void arch_idle(void) {
  hypercall(CALL_IDLE, NO_TIMEOUT, 0, 0);
  arch_interrupts_enable();
}

void arch_timer_start(void) {
  tick_time = time_now();
  hypercall(CALL_TIMER, MICROSECONDS_PER_TICK, 0, 0);
}

uint32_t arch_nanoseconds_in_tick(void) {
  const uint64_t passed = time_now() - tick_time;
  return passed < 2 * NANOSECONDS_PER_TICK ? (uint32_t)passed : 2 * NANOSECONDS_PER_TICK - 1;
}
