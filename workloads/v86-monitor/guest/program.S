/*
 * The real-mode program: copied to 1000:0000 and entered there with ECX rounds and the random numbers' state in ESI.
 * EDI gathers what it sees, EBP what its service does. 32-bit registers are the 386's addition to real mode.
 */
#include "program-layout.h"

#define FLAG_INTERRUPT 0x0200
/* CF, PF, AF, ZF, SF, OF: what POPF may set without side effects. */
#define FLAGS_ARITHMETIC 0x08d5

  .section .rodata
  .globl real_mode_program, real_mode_program_end
real_mode_program:
  .code16
  jmp again

/* Services come through the interrupt table; interrupts are off in them (Intel SDM vol. 3, 20.1.4). */
  .org SERVICE_OFFSET
  pushfw
  popw %ax
  andw $FLAG_INTERRUPT, %ax
  addw %ax, %di
  addl %esi, %ebp
  roll $7, %ebp
  iretw

again:
  movl %esi, %eax               /* xorshift as in random.h */
  shll $13, %eax
  xorl %eax, %esi
  movl %esi, %eax
  shrl $17, %eax
  xorl %eax, %esi
  movl %esi, %eax
  shll $5, %eax
  xorl %eax, %esi

  cli
  pushfw
  popw %ax
  andw $FLAG_INTERRUPT, %ax
  addw %ax, %di
  sti
  pushfw
  popw %bx
  andw $FLAG_INTERRUPT, %bx
  xorw %bx, %di

  movw %si, %ax
  andw $FLAGS_ARITHMETIC, %ax
  orw $FLAG_INTERRUPT | 2, %ax
  pushw %ax
  popfw
  adcw $0, %di                  /* the carry that was popped */

  int $SERVICE_VECTOR

  movw %si, %ax
  outb %al, $TURNING_PORT
  inb $TURNING_PORT, %al
  addw %ax, %di

  movw $ARRAY_SEGMENT, %ax
  movw %ax, %es
  movw %si, %bx
  andw $ARRAY_MASK, %bx
  addw %di, %es:(%bx)
  xorw %es:(%bx), %di

  decl %ecx
  jnz again
  hlt
  .code32
real_mode_program_end:

  .section .note.GNU-stack, "", @progbits
