/* Interrupts and faults whose frames go where there is no memory: their handlers run none the less, on a stack of their own. */
#include "prelude.inc"

  .macro arrive
  movl $STACK_TOP, %esp
  rdtsc
  log
  .endm

main:
  gate FIRST_IRQ, on_timer
  gate 6, on_undefined
  gate 0x40, on_software
  start_pics
  start_pit 20
  movl $0x40000000, %ebx
next:
  movl %ebx, %esp
  sti
1: jmp 1b
on_timer:
  arrive
  outb_imm 0x20, 0x20
  addl $0x400000, %ebx
  movl %ebx, %esp
  ud2
on_undefined:
  arrive
  addl $0x400000, %ebx
  movl %ebx, %esp
  int $0x40
on_software:
  arrive
  addl $0x400000, %ebx
  cmpl $0x42000000, %ebx
  jb next
  outb_imm 0xff, 0x21
  power_off
