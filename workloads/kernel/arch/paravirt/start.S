/*
 * The header by which a loader knows the image (Multiboot Specification 0.6.96, 3.1), the signature by which the machine knows it, and the first
 * instructions. The machine starts the guest with its memory at DIRECT_BASE already.
 */
#include "layout.h"

#define MULTIBOOT_HEADER_MAGIC 0x1badb002
/* Modules on page borders, memory size wanted. */
#define MULTIBOOT_HEADER_FLAGS 3
#define BOOT_STACK_BYTES 8192

  .section .multiboot, "a"
  .balign 4
  .long MULTIBOOT_HEADER_MAGIC
  .long MULTIBOOT_HEADER_FLAGS
  .long -(MULTIBOOT_HEADER_MAGIC + MULTIBOOT_HEADER_FLAGS)
  .long GUEST_SIGNATURE
  .long GUEST_NEEDS_SPACES

  .text
  .globl start
start:
  cld
  movl $boot_stack_top, %esp
  xorl %ebp, %ebp
  call paravirt_main

  .section .bss.start, "aw", @nobits
  .balign 16
boot_stack:
  .skip BOOT_STACK_BYTES
boot_stack_top:

  .section .note.GNU-stack, "", @progbits
