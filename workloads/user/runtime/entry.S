/* Where a program begins, how it calls the kernel with six arguments, and how a signal handler returns. */
#define LINUX_SIGRETURN 119
#define LINUX_RT_SIGRETURN 173

  .section .text.entry, "ax"
  .globl _start
_start:
  xorl %ebp, %ebp               /* no caller (System V ABI, i386 supplement, process initialization) */
  movl %esp, %eax
  andl $-16, %esp
  subl $12, %esp
  pushl %eax                    /* argument count, arguments, environment */
  call program_main

/* int32_t raw_call6(number, a, b, c, d, e, f): four saved registers and the return address lie below the arguments */
  .globl raw_call6
raw_call6:
  pushl %ebx
  pushl %esi
  pushl %edi
  pushl %ebp
  movl 20(%esp), %eax
  movl 24(%esp), %ebx
  movl 28(%esp), %ecx
  movl 32(%esp), %edx
  movl 36(%esp), %esi
  movl 40(%esp), %edi
  movl 44(%esp), %ebp
  int $0x80
  popl %ebp
  popl %edi
  popl %esi
  popl %ebx
  ret

/* A handler's return address. The kernel expects ESP at the frame: behind the signal number in the old form. */
  .globl signal_return
signal_return:
  popl %eax
  movl $LINUX_SIGRETURN, %eax
  int $0x80

/* The same for SA_SIGINFO. */
  .globl signal_information_return
signal_information_return:
  movl $LINUX_RT_SIGRETURN, %eax
  int $0x80

  .section .note.GNU-stack, "", @progbits
