/* Position-independent: it runs in a copy. */
  .section .rodata.neighbour_template, "a"
  .globl neighbour_template, neighbour_template_end
neighbour_template:
  call 1f
1:
  popl %ecx
  addl %eax, total - 1b(%ecx)
  incl calls - 1b(%ecx)
  movl total - 1b(%ecx), %eax
  movl calls - 1b(%ecx), %edx
  andl $7, %edx
  xorl constants - 1b(%ecx, %edx, 4), %eax
  ret
  .balign 4
total:
  .long 0
calls:
  .long 0
constants:
  .long 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0x082efa98, 0xec4e6c89
neighbour_template_end:

  .section .note.GNU-stack, "", @progbits
