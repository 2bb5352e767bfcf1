/*
 * Entry from the boot loader (Multiboot Specification 0.6.96, 3.1 and 3.2), at the physical address, without paging.
 * A directory of 4 MB pages shows physical memory at both places until paging.c has built the real one.
 */
#include "layout.h"

#define MULTIBOOT_HEADER_MAGIC 0x1badb002
/* Modules on page borders, memory size wanted. */
#define MULTIBOOT_HEADER_FLAGS 3
#define BOOT_STACK_BYTES 8192

/* Intel SDM vol. 3, 2.5 and table 4-4. */
#define CR0_PG_WP_NE_MP 0x80010022
#define CR4_PSE 0x10
#define LARGE_PAGE_PRESENT_WRITABLE 0x83
#define LARGE_PAGE_SHIFT 22
#define LARGE_PAGES (DIRECT_BYTES >> LARGE_PAGE_SHIFT)

#define PHYSICAL(symbol) (symbol - DIRECT_BASE)

  .section .multiboot, "a"
  .balign 4
  .long MULTIBOOT_HEADER_MAGIC
  .long MULTIBOOT_HEADER_FLAGS
  .long -(MULTIBOOT_HEADER_MAGIC + MULTIBOOT_HEADER_FLAGS)

  .text
  .globl start
start:
  cli
  cld
  movl %eax, %ebp
  xorl %ecx, %ecx
1:
  movl %ecx, %eax
  shll $LARGE_PAGE_SHIFT, %eax
  orl $LARGE_PAGE_PRESENT_WRITABLE, %eax
  movl %eax, PHYSICAL(boot_directory) + (DIRECT_BASE >> LARGE_PAGE_SHIFT) * 4(, %ecx, 4)
  incl %ecx
  cmpl $LARGE_PAGES, %ecx
  jne 1b
  movl $LARGE_PAGE_PRESENT_WRITABLE, PHYSICAL(boot_directory)

  movl %cr4, %eax
  orl $CR4_PSE, %eax
  movl %eax, %cr4
  movl $PHYSICAL(boot_directory), %eax
  movl %eax, %cr3
  movl %cr0, %eax
  orl $CR0_PG_WP_NE_MP, %eax
  movl %eax, %cr0
  movl $2f, %eax
  jmp *%eax
2:
  movl $boot_stack_top, %esp
  pushl %ebx                    /* physical address of the multiboot information */
  pushl %ebp                    /* the loader's magic number */
  xorl %ebp, %ebp
  call pc_main

  .section .bss.start, "aw", @nobits
  .balign 4096
boot_directory:
  .skip 4096
boot_stack:
  .skip BOOT_STACK_BYTES
boot_stack_top:

  .section .note.GNU-stack, "", @progbits
