/*
 * Entries to the kernel, the switch between processes, and access to user memory (Intel SDM vol. 3, 6.12 to 6.14). What is
 * pushed here is struct registers of arch.h.
 */
#include "layout.h"

/* Bit n: the processor pushes an error code for exception n (#DF, #TS, #NP, #SS, #GP, #PF, #AC). */
#define PUSHES_ERROR_CODE 0x00027d00

  .text
  .balign TRAP_STUB_BYTES
  .globl trap_stubs
trap_stubs:
  .set vector, 0
  .rept EXCEPTIONS + DEVICE_VECTORS
  .balign TRAP_STUB_BYTES
  .if vector >= EXCEPTIONS || !((PUSHES_ERROR_CODE >> vector) & 1)
  pushl $0
  .endif
  pushl $vector
  jmp trap_common
  .set vector, vector + 1
  .endr

  .globl system_call_entry
system_call_entry:
  pushl %eax
  pushl $SYSTEM_CALL_VECTOR
trap_common:
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
  movl $KERNEL_DATA, %eax
  movl %eax, %ds
  movl %eax, %es
  /* A program's selectors must not stay in registers: an interrupt in the kernel would reload them after a switch. */
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
  iret

/* The first return of a process: its stack holds struct registers only. */
  .globl first_return
first_return:
  pushl %esp
  call trap_finish
  addl $4, %esp
  jmp trap_return

#include "arch/switch-and-access.h"

  .section .note.GNU-stack, "", @progbits
