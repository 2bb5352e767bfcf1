/* Entries to the kernel (Intel SDM vol. 3, 6.12 to 6.14). */
#include "layout.h"

/* Bit n: the processor pushes an error code for exception n (#DF, #TS, #NP, #SS, #GP, #PF, #AC). */
#define PUSHES_ERROR_CODE 0x00027d00

  .text
  .balign TRAP_STUB_BYTES
  .globl trap_stubs
trap_stubs:
  .set vector, 0
  .rept EXCEPTIONS + DEVICE_VECTORS
  .balign TRAP_STUB_BYTES
  .if vector >= EXCEPTIONS || !((PUSHES_ERROR_CODE >> vector) & 1)
  pushl $0
  .endif
  pushl $vector
  jmp trap_common
  .set vector, vector + 1
  .endr

  .globl system_call_entry
system_call_entry:
  pushl %eax
  pushl $SYSTEM_CALL_VECTOR
trap_common:
#define ENTRY_DATA KERNEL_DATA
#define RETURN_BY_FRAME iret
#include "arch/shared-space/entry.h"

  .section .note.GNU-stack, "", @progbits
