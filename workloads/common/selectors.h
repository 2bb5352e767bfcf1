/* Selectors and vectors of the bare guests, for C and assembly (Intel SDM vol. 3, 3.4.2 and 6.3). */
#ifndef SELECTORS_H
#define SELECTORS_H

#define KERNEL_CODE 0x08
#define KERNEL_DATA 0x10
#define USER_CODE 0x1b
#define USER_DATA 0x23
#define TASK_STATE 0x28
#define LOCAL_TABLE 0x30

#define PAGE_FAULT_VECTOR 14
/* Processor exceptions, then the sixteen lines of the two interrupt controllers. */
#define FIRST_DEVICE_VECTOR 0x20
#define HANDLED_VECTORS 0x30
#define SYSTEM_CALL_VECTOR 0x80
#define SAME_RING_VECTOR 0x81
#define VECTORS 0x82

/* Distance of one default trap stub from the next, in bytes. */
#define TRAP_STUB_BYTES 16

#endif
