/* Calls of the host: number in EAX, arguments in EBX, ECX, EDX, ESI, EDI, EBP (System V ABI of Linux for i386). */
#include "host-numbers.h"

#define ARGUMENTS 20            /* behind four registers and the return address */

  .text
  .globl host_call_raw
host_call_raw:
  pushl %ebp
  pushl %edi
  pushl %esi
  pushl %ebx
  movl ARGUMENTS(%esp), %eax
  movl ARGUMENTS + 4(%esp), %ebx
  movl ARGUMENTS + 8(%esp), %ecx
  movl ARGUMENTS + 12(%esp), %edx
  movl ARGUMENTS + 16(%esp), %esi
  movl ARGUMENTS + 20(%esp), %edi
  movl ARGUMENTS + 24(%esp), %ebp
  int $0x80
  popl %ebx
  popl %esi
  popl %edi
  popl %ebp
  ret

/* A signal handler returns here; the signal's number is on the stack. */
  .globl host_restorer
host_restorer:
  popl %eax
  movl $HOST_SIGRETURN, %eax
  int $0x80

  .section .note.GNU-stack, "", @progbits
