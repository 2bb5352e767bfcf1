/* The ring transitions: into the program by IRET, back by INT 80h, out again by IRET (Intel SDM vol. 3, 6.12.1). */
#include "selectors.h"

/* calls.h: CALL_EXIT */
#define CALL_EXIT 0
/* EFLAGS of the program: IF and the bit that is always 1. */
#define USER_FLAGS 0x202
#define USER_STACK_BYTES 4096
/* Where PUSHAL leaves EAX. */
#define SAVED_EAX 28

  .text

/* uint32_t ring3_run(void (*program)(uint32_t), uint32_t argument) */
  .globl ring3_run
ring3_run:
  movl 4(%esp), %edx
  movl 8(%esp), %ecx
  pushl %ebp
  pushl %ebx
  pushl %esi
  pushl %edi
  movl %esp, resume_stack
  pushl %edx
  pushl %ecx
  pushl %esp                    /* system calls use the stack below this frame */
  call kernel_stack_set
  addl $4, %esp
  popl %ecx
  popl %edx

  movl $user_stack_top - 8, %eax
  movl $0, (%eax)               /* the program's return address: it never returns */
  movl %ecx, 4(%eax)            /* its argument */
  movl $USER_DATA, %ecx
  pushl %ecx                    /* SS, ESP, EFLAGS, CS, EIP for IRET */
  pushl %eax
  pushl $USER_FLAGS
  pushl $USER_CODE
  pushl %edx
  movl %ecx, %ds
  movl %ecx, %es
  iret

/* INT 80h from ring 3. Registers other than EAX come back unchanged. */
  .globl system_call_entry
system_call_entry:
  pushl %ds
  pushl %es
  pushal
  movl $KERNEL_DATA, %edx
  movl %edx, %ds
  movl %edx, %es
  cld
  cmpl $CALL_EXIT, %eax
  je program_exit
  pushl %ecx
  pushl %ebx
  pushl %eax
  call system_call
  addl $12, %esp
  movl %eax, SAVED_EAX(%esp)
  popal
  popl %es
  popl %ds
  iret

/* EBX is what the program exits with: return it from ring3_run. */
program_exit:
  movl %ebx, %eax
  movl resume_stack, %esp
  popl %edi
  popl %esi
  popl %ebx
  popl %ebp
  cli                           /* the trap gate left IF as the program had it */
  ret

  .bss
  .balign 4
resume_stack:
  .skip 4

  .section .user_stack, "aw", @nobits
  .balign 4096
  .skip USER_STACK_BYTES
user_stack_top:

  .section .note.GNU-stack, "", @progbits
