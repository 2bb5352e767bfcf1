/* An interrupt flag in memory, batched events, and ticks by a clock. */
#include "events.h"

#include "interrupt-words.h"

/* When the last tick was due that has been counted. */
static uint64_t tick_time;

static void timer_event(bool user) {
  const uint64_t now = time_now();
  while (now - tick_time >= NANOSECONDS_PER_TICK) {
    tick_time += NANOSECONDS_PER_TICK;
    kernel_tick(user);
  }
}

/* One entry takes all that has happened; what happens meanwhile is taken by another round, without an entry. */
void events_take(bool user) {
  for (;;) {
    uint32_t events = 0;
    __asm__ volatile("xchgl %0, %1" : "+r"(events), "+m"(EVENTS_PENDING) : : "memory");
    if (events == 0) return;
    if (events & EVENT_TIMER) timer_event(user);
    if (events & EVENT_CONSOLE) console_event();
    if (events & EVENT_DISK) disk_event();
  }
}

/* An event that came while the flag was clear is taken here: nobody is entered but for one that comes while it is set. */
void arch_interrupts_enable(void) {
  do {
    if (EVENTS_PENDING) {
      INTERRUPT_FLAG = 0;
      events_take(false);
    }
    INTERRUPT_FLAG = 1;
    __asm__ volatile("" : : : "memory");
  } while (EVENTS_PENDING);
}

void arch_interrupts_disable(void) {
  INTERRUPT_FLAG = 0;
  __asm__ volatile("" : : : "memory");
}

void ticks_start(void) {
  tick_time = time_now();
}

uint32_t arch_nanoseconds_in_tick(void) {
  const uint64_t passed = time_now() - tick_time;
  return passed < 2 * NANOSECONDS_PER_TICK ? (uint32_t)passed : 2 * NANOSECONDS_PER_TICK - 1;
}
