/* Access to user memory that may end in a fault. */
  .text
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
