/* A fault that nothing can take. */
#include "prelude.inc"

main:
  lidt nothing
  ud2
nothing:
  .word 0
  .long 0
