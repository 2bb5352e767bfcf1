/* The page-fault trap. Only the kernel touches the window, so the segment registers are the kernel's already. */
  .text
  .globl page_fault_entry
page_fault_entry:
  pushl %eax
  pushl %ecx
  pushl %edx
  movl %cr2, %eax
  pushl %eax
  pushl 16(%esp)                /* error code, above the three registers and the address */
  call page_fault
  addl $8, %esp
  popl %edx
  popl %ecx
  popl %eax
  addl $4, %esp
  iret

  .section .note.GNU-stack, "", @progbits
