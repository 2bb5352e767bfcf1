/*
 * Assembly between an entry to the kernel and the return from it. Vector, error code and what is below them are on the stack; with what is pushed here that is
 * struct registers of arch.h. Included by a port's entry.S, which defines ENTRY_DATA, the kernel's data selector, and RETURN_BY_FRAME, the instruction that
 * returns by EIP, CS, EFLAGS, ESP and SS.
 */
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
  movl $ENTRY_DATA, %eax
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
  RETURN_BY_FRAME

/* The first return of a process: its stack holds struct registers only. */
  .globl first_return
first_return:
  pushl %esp
  call trap_finish
  addl $4, %esp
  jmp trap_return
