/* Entry from the boot loader: Multiboot Specification 0.6.96, sections 3.1 and 3.2. */
#define MULTIBOOT_HEADER_MAGIC 0x1badb002
#define MULTIBOOT_HEADER_FLAGS 0
#define KERNEL_STACK_BYTES 16384

  .section .multiboot, "a"
  .balign 4
  .long MULTIBOOT_HEADER_MAGIC
  .long MULTIBOOT_HEADER_FLAGS
  .long -(MULTIBOOT_HEADER_MAGIC + MULTIBOOT_HEADER_FLAGS)

  .text
  .globl _start
_start:
  cli
  cld
  movl $kernel_stack_top, %esp
  xorl %ebp, %ebp
  pushl %ebx                    /* physical address of the multiboot information */
  pushl %eax                    /* the loader's magic number */
  call guest_main
1:
  hlt
  jmp 1b

  .bss
  .balign 4096
kernel_stack:
  .skip KERNEL_STACK_BYTES
  .globl kernel_stack_top
kernel_stack_top:

  .section .note.GNU-stack, "", @progbits
