/* The one entry to the kernel. The monitor has pushed SS, ESP, EFLAGS, CS, EIP, error code and vector (docs/paravirt.md, section 5). */
#include "layout.h"

  .text
  .balign 16
  .globl kernel_entry
kernel_entry:
#define ENTRY_DATA USER_DATA
#define RETURN_BY_FRAME int $RETURN_VECTOR
#include "arch/shared-space/entry.h"

  .section .note.GNU-stack, "", @progbits
