/* Sleeps for ever: once with interrupts off while the timer runs (IF), once with the timer masked. */
#include "prelude.inc"

main:
  start_pics
#ifdef MASKED
  outb_imm 0xff, 0x21
  outb_imm 0xff, 0xa1
  start_pit 2
  sti
#else
  start_pit 100
#endif
1: hlt
  jmp 1b
