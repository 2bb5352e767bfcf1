/*
 * One stub for each vector that no workload takes over. They push what the processor left out, so that
 * trap_unexpected(vector, error, eip) finds its arguments in the frame (Intel SDM vol. 3, 6.12.1 and 6.13).
 */
#include "selectors.h"

/* Bit n: the processor pushes an error code for exception n (#DF, #TS, #NP, #SS, #GP, #PF, #AC). */
#define PUSHES_ERROR_CODE 0x00027d00

  .text
  .balign TRAP_STUB_BYTES
  .globl trap_stubs
trap_stubs:
  .set vector, 0
  .rept HANDLED_VECTORS
  .balign TRAP_STUB_BYTES
  .if vector >= FIRST_DEVICE_VECTOR || !((PUSHES_ERROR_CODE >> vector) & 1)
  pushl $0
  .endif
  pushl $vector
  jmp trap_common
  .set vector, vector + 1
  .endr

/* The trap may have come from ring 3. Nothing is saved: there is no way back. */
trap_common:
  movl $KERNEL_DATA, %eax
  movl %eax, %ds
  movl %eax, %es
  cld
  call trap_unexpected

  .section .note.GNU-stack, "", @progbits
