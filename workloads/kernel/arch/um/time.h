#ifndef UM_TIME_H
#define UM_TIME_H

#include "base/types.h"

/* The host's process in which a program runs at this moment, or 0. */
extern volatile int32_t program_running;
void interrupts_install(void);

#endif
