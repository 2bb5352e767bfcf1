/* In the data segment: that may be written, and no page here forbids execution. The call makes the store visible to the fetch (Intel SDM vol. 3, 8.1.3, option 1). */
  .section .data.patched, "aw", @progbits
  .balign 4096
  .globl constant_load, patched_constant
constant_load:
  .byte 0xb8                    /* MOV EAX, imm32 */
patched_constant:
  .long 0
  ret
  .balign 4096

  .section .note.GNU-stack, "", @progbits
