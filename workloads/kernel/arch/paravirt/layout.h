/* Where the paravirtual port puts things, for C and assembly. */
#ifndef PARAVIRT_LAYOUT_H
#define PARAVIRT_LAYOUT_H

#include "machine.h"

/* Kernel stacks: two pages each at the end of a slot; the pages below catch an overflow. */
#define STACKS_BASE 0xff800000
#define STACK_SLOT_BYTES 0x4000
#define STACK_BYTES 0x2000

#define SYSTEM_CALL_VECTOR 0x80

#define EXCEPTION_NO_X87 7
#define EXCEPTION_PAGE_FAULT 14

#endif
