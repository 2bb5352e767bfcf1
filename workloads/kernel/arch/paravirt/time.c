/* Interrupts and time (docs/paravirt.md, sections 3 and 6). Only idling is a hypercall. */
#include "paravirt.h"
#include "arch/ported/events.h"

#define NO_TIMEOUT 0u

/* The monitor may set it between the reads of its halves. */
uint64_t time_now(void) {
  for (;;) {
    const uint32_t high = MACHINE->time_high, low = MACHINE->time_low;
    if (high == MACHINE->time_high) return (uint64_t)high << 32 | low;
  }
}

void interrupt(struct registers *registers) {
  events_take(arch_from_user(registers));
}

/* The monitor comes back at once when something is pending already. */
void arch_idle(void) {
  hypercall(CALL_IDLE, NO_TIMEOUT, 0, 0);
  arch_interrupts_enable();
}

void arch_timer_start(void) {
  ticks_start();
  hypercall(CALL_TIMER, MICROSECONDS_PER_TICK, 0, 0);
}
