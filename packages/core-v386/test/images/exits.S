/* A known number of each instruction that exits: the test counts them. */
#include "prelude.inc"

main:
  movl $100, %ecx
1: outb %al, $0x80
  loop 1b
  movl $50, %ecx
1: inb $0x61, %al
  loop 1b
  movl $30, %ecx
  movl $0x80, %edx
  movl $main, %esi
  rep outsb
  movl $20, %ecx
  movl $0x61, %edx
  movl $LOG, %edi
  rep insb
  movl $7, %edi
1: movl $0x10, %ecx
  rdmsr
  wrmsr
  decl %edi
  jnz 1b
  /* Three sleeps; the timer wakes them. */
  gate FIRST_IRQ, on_timer
  start_pics
  start_pit 1000
  sti
  hlt
  hlt
  hlt
  cli
  outb_imm 0xff, 0x21
  /* Two pages that are not there, the first touched twice. */
  movl 0x40000000, %eax
  movl 0x40000004, %eax
  movl 0x80000000, %eax
  /* Timer deadlines with interrupts off: what the VMM does then, the guest does not see. */
  movl $200000, %ecx
1: loop 1b
  power_off

on_timer:
  pushal
  outb_imm 0x20, 0x20
  popal
  iretl
