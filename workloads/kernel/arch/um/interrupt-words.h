/* The interrupt flag and what is pending; the handlers of the host's signals look at the one and set the other. */
#ifndef UM_INTERRUPT_WORDS_H
#define UM_INTERRUPT_WORDS_H

#include "base/types.h"

extern volatile uint32_t interrupt_flag, events_pending;
#define INTERRUPT_FLAG interrupt_flag
#define EVENTS_PENDING events_pending
#define EVENT_TIMER 0x1u
#define EVENT_CONSOLE 0x2u
#define EVENT_DISK 0x4u

#endif
