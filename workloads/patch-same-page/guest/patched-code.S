/*
 * The patching loop and what it patches, on one page of the data segment: that may be written, and no page here forbids execution. The jump behind the store
 * makes it visible to the fetch (Intel SDM vol. 3, 8.1.3, option 1).
 */
/* checksum.h */
#define CHECKSUM_MULTIPLIER 0x9e3779b1
#define CHECKSUM_ROTATION 7
/* MOV r32, imm32 is an opcode and its immediate. */
#define IMMEDIATE 1

  .section .data.patched, "aw", @progbits
  .balign 4096
  .globl patch_and_execute
patch_and_execute:
  movl 4(%esp), %eax            /* sum */
  movl 8(%esp), %edx            /* patches */
again:
  movl %eax, patched + IMMEDIATE
  jmp patched
patched:
  movl $0, %ecx                 /* loads what the sum was */
  roll $CHECKSUM_ROTATION, %eax
  addl %edx, %ecx
  xorl %ecx, %eax
  imull $CHECKSUM_MULTIPLIER, %eax, %eax
  decl %edx
  jnz again
  ret
  .balign 4096

  .section .note.GNU-stack, "", @progbits
