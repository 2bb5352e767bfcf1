/* Where the paravirtual port puts things, for C and assembly. */
#ifndef PARAVIRT_LAYOUT_H
#define PARAVIRT_LAYOUT_H

#include "arch/common/vectors.h"
#include "machine.h"

#define STACKS_BASE 0xff800000
#define INTERRUPT_VECTOR_FIRST EVENT_VECTOR
#define FLAGS_KEPT 0

#endif
