/*
 * The interrupt flag as a word in memory. Whoever interrupts sets a bit of EVENTS_PENDING and, if INTERRUPT_FLAG is not 0, makes it 0 and has events_take
 * called. The port's interrupt-words.h defines both words and the bits.
 */
#ifndef PORTED_EVENTS_H
#define PORTED_EVENTS_H

#include "arch/common/common.h"

/* 100 ticks a second. */
#define NANOSECONDS_PER_TICK 10000000u
#define MICROSECONDS_PER_TICK (NANOSECONDS_PER_TICK / 1000u)

/* Takes what is pending; the flag is 0. `user`: a program was interrupted. */
void events_take(bool user);
/* Time begins. */
void ticks_start(void);

/* The port's: nanoseconds; what devices have to tell. */
uint64_t time_now(void);
void console_event(void);
void disk_event(void);

#endif
