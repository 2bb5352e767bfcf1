/* switch_stacks(uint32_t *from_esp, uint32_t to_esp): what a C function must preserve, then the other stack. */
  .text
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

  .section .note.GNU-stack, "", @progbits
