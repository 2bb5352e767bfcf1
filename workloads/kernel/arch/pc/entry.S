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

/* switch_stacks(uint32_t *from_esp, uint32_t to_esp): what a C function must preserve, then the other stack. */
  .globl switch_stacks
switch_stacks:
  movl 4(%esp), %eax
  movl 8(%esp), %edx
  pushl %ebp
  pushl %edi
  pushl %esi
  pushl %ebx
  movl %esp, (%eax)
  movl %edx, %esp
  popl %ebx
  popl %esi
  popl %edi
  popl %ebp
  ret

/*
 * uint32_t user_copy(void *to, const void *from, uint32_t bytes), user_fill(void *to, uint32_t bytes): the bytes that are
 * left. A page fault in between that cannot be resolved goes on at user_access_fault; REP leaves in ECX what is left, of
 * words while EDX has the odd bytes.
 */
  .globl user_copy, user_fill, user_access_start, user_access_end, user_access_fault
user_copy:
  pushl %esi
  pushl %edi
  movl 12(%esp), %edi
  movl 16(%esp), %esi
  movl 20(%esp), %ecx
  movl %ecx, %edx
  andl $3, %edx
  shrl $2, %ecx
user_access_start:
  rep movsl
  movl %edx, %ecx
  xorl %edx, %edx
  rep movsb
  jmp 1f
user_fill:
  pushl %esi
  pushl %edi
  movl 12(%esp), %edi
  movl 16(%esp), %ecx
  xorl %eax, %eax
  movl %ecx, %edx
  andl $3, %edx
  shrl $2, %ecx
  rep stosl
  movl %edx, %ecx
  xorl %edx, %edx
  rep stosb
user_access_end:
1:
  xorl %eax, %eax
  popl %edi
  popl %esi
  ret
/* ECX words or bytes are left; the trap handler has put into EAX how many bytes each is. */
user_access_fault:
  imull %ecx, %eax
  addl %edx, %eax
  popl %edi
  popl %esi
  ret

  .section .note.GNU-stack, "", @progbits
