/* A guest that keeps interrupts off for ever while its timer runs. */
#include "prelude.inc"

main:
  start_pics
  start_pit 100
1: jmp 1b
