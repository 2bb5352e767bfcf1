/*
 * Boots a multiboot guest from a disk, for machines without a loader for it (Bochs): reads what lies behind this sector, copies the segments of the image to where
 * they belong, and enters it as Multiboot Specification 0.6.96, section 3.2, says. What is to be done is in the plan, which boot-disk.mjs writes.
 *   gcc -m32 -c boot-sector.S -o boot-sector.o && ld -m elf_i386 -Ttext 0x7c00 --oformat binary -o boot-sector.bin boot-sector.o
 */
/* boot-disk.mjs: the plan is the first sector that is read, to PLAN: entry, number of segments, segments of four words; then the multiboot information. */
#define PLAN 0x10000
#define PLAN_SEGMENT 0x1000
#define SECTORS 63
#define INFORMATION (PLAN + 256)
#define MULTIBOOT_LOADER_MAGIC 0x2badb002

#define CODE 0x08
#define DATA 0x10
#define CR0_PROTECTION 1
/* Port 92h: fast A20 gate; bit 0 would reset. */
#define FAST_A20 0x92
#define EXTENDED_READ 0x42

  .code16
  .globl _start
_start:
  cli
  cld
  xorw %ax, %ax
  movw %ax, %ds
  movw %ax, %es
  movw %ax, %ss
  movw $0x7c00, %sp
  movw $packet, %si             /* DL is the drive, from the BIOS */
  movb $EXTENDED_READ, %ah
  int $0x13
  jc stop
  inb $FAST_A20, %al
  orb $2, %al
  andb $0xfe, %al
  outb %al, $FAST_A20
  cli
  lgdt table_pointer
  movl %cr0, %eax
  orl $CR0_PROTECTION, %eax
  movl %eax, %cr0
  ljmp $CODE, $protected
stop:
  hlt
  jmp stop

  .code32
protected:
  movl $DATA, %eax
  movl %eax, %ds
  movl %eax, %es
  movl %eax, %ss
  movl $PLAN, %ebp
  movl 4(%ebp), %edx
  leal 8(%ebp), %ebx
segment:                        /* source, target, bytes of the file, bytes in memory */
  movl (%ebx), %esi
  movl 4(%ebx), %edi
  movl 8(%ebx), %ecx
  rep movsb
  movl 12(%ebx), %ecx
  subl 8(%ebx), %ecx
  xorl %eax, %eax
  rep stosb
  addl $16, %ebx
  decl %edx
  jnz segment
  movl $MULTIBOOT_LOADER_MAGIC, %eax
  movl $INFORMATION, %ebx
  jmp *(%ebp)

  .balign 8
table:                          /* null; flat code; flat data (Intel SDM vol. 3, 3.4.5) */
  .quad 0, 0x00cf9a000000ffff, 0x00cf92000000ffff
table_pointer:
  .word . - table - 1
  .long table
packet:                         /* Enhanced Disk Drive Specification 1.1: size, sectors, where to, from which */
  .byte 16, 0
  .word SECTORS, 0, PLAN_SEGMENT
  .quad 1

  .org 510
  .word 0xaa55
