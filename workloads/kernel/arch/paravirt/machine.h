/* The paravirtual machine as docs/paravirt.md defines it, for C and assembly. */
#ifndef PARAVIRT_MACHINE_H
#define PARAVIRT_MACHINE_H

/* The signature behind the Multiboot header, and what the word behind that asks for. */
#define GUEST_SIGNATURE 0x56504252
#define GUEST_NEEDS_SPACES 1

/* Physical memory, from the page of virtual registers up, appears here in every space; the monitor has what is above GUEST_END. */
#define DIRECT_BASE 0xc0000000
#define DIRECT_BYTES 0x38000000
#define GUEST_END 0xffc00000

/* Selectors. KERNEL_CODE stands in a frame for the kernel's mode and is no descriptor. */
#define KERNEL_CODE 0x60
#define USER_CODE 0x73
#define USER_DATA 0x7b

/* Virtual instructions: hypercalls (number in EAX, arguments in EBX, ECX, EDX, answer in EAX), and the return by a frame. */
#define HYPERCALL_VECTOR 0x82
#define RETURN_VECTOR 0x83

#define CALL_TERMINATE 1
#define CALL_IDLE 2
#define CALL_SPACE_MAKE 3
#define CALL_SPACE_FREE 4
#define CALL_SPACE_USE 5
#define CALL_TABLE_MAKE 6
#define CALL_UPDATE 7
#define CALL_SEGMENT 8
#define CALL_TIMER 9
#define CALL_KICK 10
#define CALL_LISTEN 11
#define CALL_MARK 12

#define DEVICE_DISK 0
#define DEVICE_CONSOLE 1

/* The vector of a frame that tells of pending interrupts, and their bits. */
#define EVENT_VECTOR 0x20
#define EVENT_TIMER 0x1
#define EVENT_CONSOLE 0x2
#define EVENT_DISK 0x4

#endif
