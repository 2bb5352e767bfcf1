/* Where the host starts the program: number of arguments, their addresses and a zero are on the stack. And where a process of the guest begins. */
  .text
  .globl start
start:
  xorl %ebp, %ebp
  movl %esp, %eax
  andl $-16, %esp
  pushl %eax
  call um_main

  .globl first_return
first_return:
  call program_loop

  .section .note.GNU-stack, "", @progbits
