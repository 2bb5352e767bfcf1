/* INS and OUTS with faults in their operands, REP, both directions and address sizes; MSRs that exist and that do not; HLT and I/O in ring 3. */
#include "prelude.inc"

#define HOLE 0x130000

main:
  start_paging
  /* The page at HOLE is not present, its successor is read-only, and both must be hit in mid-instruction. */
  andl $~3, PAGE_TABLE + HOLE / 0x1000 * 4
  andl $~2, PAGE_TABLE + (HOLE / 0x1000 + 1) * 4
  movl %cr3, %eax
  movl %eax, %cr3
  outb_imm 0x10, 0x70
  movl $HOLE - 4, %edi
  movl $0x71, %edx
  movl $16, %ecx
  rep insb
  movl $HOLE + 0xffd, %edi
  movl $0x71, %edx
  movl $5, %ecx
  rep insw
  insl
  movl %edi, %eax
  log
  /* Backwards and with 16-bit registers. */
  std
  movl $0xabcd8010, %edi
  movl $0x10003, %ecx
  addr16 rep insb
  movl %edi, %eax
  log
  movl %ecx, %eax
  log
  cld
  /* No iterations: no access. */
  xorl %ecx, %ecx
  rep insb
  rep outsb
  movl $message, %esi
  movl $CONSOLE, %edx
  movl $message_end - message, %ecx
  rep outsb
  movl $message, %esi
  outsb
  cs outsb
  movl $wide, %esi
  outsl
  outsw
  /* The marker port by string: no port access at all. */
  movl $MARKER, %edx
  movl $marks, %esi
  outsb
  outsb
  /* Reading a source that is not present, then one beyond memory. */
  andl $~1, PAGE_TABLE + HOLE / 0x1000 * 4
  invlpg HOLE
  movl $HOLE, %esi
  movl $CONSOLE, %edx
  outsb
  movl $0x300000, %esi
  movl $0x80, %edx
  outsl
  movl $0x300000, %edi
  movl $0x71, %edx
  insl
  /* Beyond a segment's limit: #GP(0). */
  movw $SMALL_DATA, %ax
  movw %ax, %es
  movl $0xffe, %edi
  movl $4, %ecx
  movl $2, SKIP
  rep insb
  movl %ecx, %eax
  log
  movw $DATA, %ax
  movw %ax, %es
  call registers
  call outer_ring
  movl LOG_END, %eax
  log
  power_off

/* MSRs: time-stamp counter, those that are constant, SYSENTER's, and numbers without one. */
registers:
  rdtsc
  log
  movl $0x10, %ecx
  rdmsr
  log
  movl $1000, %eax
  movl $5, %edx
  wrmsr
  rdtsc
  log
  movl %edx, %eax
  log
  inb $0x61, %al
  rdtsc
  log
  movl $0x1b, %ecx
  rdmsr
  log
  movl $0x900, %eax
  wrmsr
  movl $0x8b, %ecx
  wrmsr
  rdmsr
  log
  movl $0x175, %ecx
  movl $0xcafe, %eax
  wrmsr
  xorl %eax, %eax
  rdmsr
  log
  movl $0x999, %ecx
  rdmsr
  wrmsr
  movl $0x386, %ecx
  rdmsr
  movl $0x387, %ecx
  wrmsr
  ret

/* Ring 3 without I/O privilege: everything is the guest's own #GP(0). */
outer_ring:
  movl $tss, %eax
  movw %ax, ring3_gdt + 0x2a
  shrl $16, %eax
  movb %al, ring3_gdt + 0x2c
  movb %ah, ring3_gdt + 0x2f
  lgdt ring3_gdt_register
  movw $0x28, %ax
  ltr %ax
  orl $4, PAGE_DIRECTORY
  movl $1024, %ecx
1: orl $4, PAGE_TABLE - 4(,%ecx,4)
  loop 1b
  movl %cr3, %eax
  movl %eax, %cr3
  movl $1, SKIP
  movl %esp, tss + 4
  subl $64, tss + 4
  movl %esp, kernel_stack
  gate 0x40, back_to_ring0
  orw $0x6000, IDT + 8 * 0x40 + 4
  pushl $0x23
  pushl $0x1d0000
  pushl $2
  pushl $0x1b
  pushl $ring3
  iretl
ring3:
  movw $0x23, %ax
  movw %ax, %ds
  movw %ax, %es
  movl $0x80, %edx
  inb %dx, %al
  outb %al, %dx
  hlt
  cli
  /* The map lets port 61 through, and the console. */
  movl $0x61, %edx
  inb %dx, %al
  movl $CONSOLE, %edx
  movb $'3', %al
  outb %al, %dx
  movl $message, %esi
  outsb
  movl $0x62, %edx
  insb
  int $0x40
back_to_ring0:
  movw $DATA, %ax
  movw %ax, %ds
  movw %ax, %es
  movl kernel_stack, %esp
  ret

  .balign 4
kernel_stack:
  .long 0
wide:
  .ascii "long", "sh"
marks:
  .byte 1, 2
message:
  .ascii "strings"
message_end:

  .balign 8
ring3_gdt:
  .quad 0, 0x00cf9b000000ffff, 0x00cf93000000ffff, 0x00cffb000000ffff, 0x00cff3000000ffff, 0x00008900000000ff
ring3_gdt_end:
ring3_gdt_register:
  .word ring3_gdt_end - ring3_gdt - 1
  .long ring3_gdt
  .balign 4
tss:
  .long 0, 0, DATA
  .skip 102 - 12
  .word 104
  .set port, 0
  .rept 32
  .if port == 0x60
  .byte 0xfd
  .elseif port == 0xe8
  .byte 0xfd
  .else
  .byte 0xff
  .endif
  .set port, port + 8
  .endr
  .byte 0xff
  .skip 256
