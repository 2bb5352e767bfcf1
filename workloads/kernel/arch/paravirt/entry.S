/*
 * The one entry to the kernel, the switch between processes, and access to user memory. The monitor has pushed SS, ESP, EFLAGS, CS, EIP, error code and
 * vector (docs/paravirt.md, section 5); with what is pushed here that is struct registers of arch.h.
 */
#include "layout.h"

  .text
  .balign 16
  .globl kernel_entry
kernel_entry:
  pushl %gs
  pushl %fs
  pushl %es
  pushl %ds
  pushl %eax
  pushl %ebp
  pushl %edi
  pushl %esi
  pushl %edx
  pushl %ecx
  pushl %ebx
  movl $USER_DATA, %eax
  movl %eax, %ds
  movl %eax, %es
  /* A program's selectors must not stay in registers: an event in the kernel would reload them after a switch. */
  xorl %eax, %eax
  movl %eax, %fs
  movl %eax, %gs
  cld
  pushl %esp
  call trap
  addl $4, %esp
trap_return:
  popl %ebx
  popl %ecx
  popl %edx
  popl %esi
  popl %edi
  popl %ebp
  popl %eax
  popl %ds
  popl %es
  popl %fs
  popl %gs
  addl $8, %esp                 /* vector and error code */
  int $RETURN_VECTOR

/* The first return of a process: its stack holds struct registers only. */
  .globl first_return
first_return:
  pushl %esp
  call trap_finish
  addl $4, %esp
  jmp trap_return

#include "arch/switch-and-access.h"

  .section .note.GNU-stack, "", @progbits
