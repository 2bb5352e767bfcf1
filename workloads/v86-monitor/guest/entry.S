/* Into virtual-8086 mode by IRET, back by the general-protection fault (Intel SDM vol. 3, 20.2.5 and 20.2.6). */
#include "selectors.h"

/* Vector and error code of a fault that is not the program's. */
#define GENERAL_PROTECTION 13
/* struct trap_frame (monitor.h): PUSHAL's eight words, the error code, then the processor's frame. */
#define FRAME_ERROR 32
#define FRAME_EIP 36
#define FRAME_FLAGS 44
#define FLAG_VIRTUAL_8086 0x20000

  .text

/* void virtual_8086_enter(const struct trap_frame *): runs until the monitor says that the program has ended */
  .globl virtual_8086_enter
virtual_8086_enter:
  movl 4(%esp), %eax
  pushl %ebp
  pushl %ebx
  pushl %esi
  pushl %edi
  movl %esp, resume_stack
  pushl %eax
  pushl %esp                    /* faults use the stack below this frame */
  call kernel_stack_set
  addl $4, %esp
  popl %esp                     /* the frame as if it had just been pushed */
  popal
  addl $4, %esp                 /* no error code */
  iret

/* The processor has cleared DS, ES, FS and GS behind saving them. */
  .globl general_protection_entry
general_protection_entry:
  pushal
  movl $KERNEL_DATA, %eax
  movl %eax, %ds
  movl %eax, %es
  cld
  testl $FLAG_VIRTUAL_8086, FRAME_FLAGS(%esp)
  jz 2f
  pushl %esp
  call monitor_emulate
  addl $4, %esp
  testl %eax, %eax
  jz 1f
  popal
  addl $4, %esp
  iret

1:                              /* the program has ended: return from virtual_8086_enter */
  movl resume_stack, %esp
  popl %edi
  popl %esi
  popl %ebx
  popl %ebp
  movl $KERNEL_DATA, %eax
  movl %eax, %fs
  movl %eax, %gs
  ret

2:
  pushl FRAME_EIP(%esp)
  pushl FRAME_ERROR + 4(%esp)
  pushl $GENERAL_PROTECTION
  call trap_unexpected

  .bss
  .balign 4
resume_stack:
  .skip 4

  .section .note.GNU-stack, "", @progbits
