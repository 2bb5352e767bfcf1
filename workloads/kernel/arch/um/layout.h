/* Where the port to a host process puts things (docs/user-mode.md, section 1), for C and assembly. */
#ifndef UM_LAYOUT_H
#define UM_LAYOUT_H

#include "arch/common/vectors.h"

/* In the kernel: physical memory, and kernel stacks. */
#define DIRECT_BASE 0x40000000
#define DIRECT_BYTES 0x38000000
#define STACKS_BASE 0x80000000

/* In a space, behind what programs may use. */
#define STUB_CODE 0xc0000000
#define STUB_DATA 0xc0001000
#define STUB_STACK 0xc0002000
#define STUB_STACK_BYTES 0x4000
#define STUB_END 0xc0006000
/* Where x86-64 Linux ends the address space of a 32-bit process. */
#define SPACE_END 0xffffe000

/* Offsets in struct stub_data. */
#define STUB_RESULT 0
#define STUB_FAULT_VECTOR 4
#define STUB_FAULT_ERROR 8
#define STUB_FAULT_ADDRESS 12
#define STUB_CHILD_PAGE 16
#define STUB_MEMORY_FILE 20
#define STUB_RECORDS 32

/* Selectors are the host's. */
#ifndef __ASSEMBLER__
extern unsigned host_code_selector, host_data_selector;
#endif
#define USER_CODE host_code_selector
#define USER_DATA host_data_selector
#define FLAGS_KEPT 0

#endif
