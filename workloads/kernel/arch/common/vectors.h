/* Exceptions and the system call (Intel SDM vol. 3, table 6-1), for C and assembly; and the sizes of kernel stacks. */
#ifndef COMMON_VECTORS_H
#define COMMON_VECTORS_H

#define SYSTEM_CALL_VECTOR 0x80
#define EXCEPTION_NO_X87 7
#define EXCEPTION_DOUBLE_FAULT 8
#define EXCEPTION_PAGE_FAULT 14

/* Two pages each at the end of a slot; the pages below catch an overflow. */
#define STACK_SLOT_BYTES 0x4000
#define STACK_BYTES 0x2000

#endif
