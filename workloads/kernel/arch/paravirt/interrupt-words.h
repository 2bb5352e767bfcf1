/* The interrupt flag and what is pending: two of the virtual registers (docs/paravirt.md, sections 3 and 6). */
#ifndef PARAVIRT_INTERRUPT_WORDS_H
#define PARAVIRT_INTERRUPT_WORDS_H

#include "paravirt.h"

#define INTERRUPT_FLAG (MACHINE->interrupts)
#define EVENTS_PENDING (MACHINE->pending)

#endif
