/* Touches eight cold pages between the markers. PAGED says whether with paging on. */
#include "prelude.inc"

main:
#ifdef PAGED
  start_paging
#endif
  jmp 1f
  .balign 4096
1: outb_imm 1, MARKER
  movl $8, %ecx
  movl $0x140000, %esi
2: movl (%esi), %eax
  addl $0x1000, %esi
  loop 2b
  outb_imm 2, MARKER
  power_off
