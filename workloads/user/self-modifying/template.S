/* Position-independent: it runs in a copy. The label names are those of template.h. */
  .section .rodata.rewritten_template, "a"
  .globl rewritten_template, rewritten_template_end, rewritten_opcode, rewritten_operand
rewritten_template:
rewritten_opcode:
  .byte 0x05                    /* add eax, imm32 */
rewritten_operand:
  .long 0
  testl %edx, %edx
  jz 2f
  call 1f
1:
  popl %ecx                     /* the address of this instruction */
  movl %edx, 3f - 1b(%ecx)
2:
  jmp 4f
4:
  .byte 0x35                    /* xor eax, imm32: what the function itself writes */
3:
  .long 0x5a5a5a5a
  ret
rewritten_template_end:

  .section .note.GNU-stack, "", @progbits
