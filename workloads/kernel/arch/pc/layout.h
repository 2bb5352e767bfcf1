/* Where the PC port puts things, for C and assembly. */
#ifndef PC_LAYOUT_H
#define PC_LAYOUT_H

#include "arch/common/vectors.h"

/* Physical memory, as much as there is of it up to DIRECT_BYTES, appears here. */
#define DIRECT_BASE 0xc0000000
#define DIRECT_BYTES 0x38000000
#define STACKS_BASE 0xff800000

/* Selectors have the numbers that they have under Linux, where a program may see them. */
#define KERNEL_CODE 0x60
#define KERNEL_DATA 0x68
#define USER_CODE 0x73
#define USER_DATA 0x7b
#define TASK_STATE 0x80
#define FAULT_TASK_STATE 0x88
#define GLOBAL_ENTRIES 18

#define EXCEPTIONS 32
#define DEVICE_VECTORS 16
#define DEVICE_VECTOR_FIRST 0x20
#define INTERRUPT_VECTOR_FIRST DEVICE_VECTOR_FIRST
#define TRAP_STUB_BYTES 16

/* What of EFLAGS sigreturn leaves alone: IOPL, which port rights are. */
#define FLAGS_KEPT 0x00003000
#define FLAG_PORT_LEVEL_SHIFT 12

#endif
