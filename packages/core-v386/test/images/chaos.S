/*
 * Executes sixteen bytes at a time of what the test puts at `area`, which begins at the next page: whatever exception they raise, the next sixteen follow,
 * with registers as they are but flat segments and a fresh stack. A timer interrupts. The test compares all that is left.
 */
#define OWN_EXCEPTIONS
#include "prelude.inc"

#define NEXT 0x19fff4
#define AREA_BYTES 4096

main:
  gate FIRST_IRQ, on_timer
  start_pics
  start_pit 3
  movl $area, NEXT
  jmp go_on

on_exception:
  movw $DATA, %ax
  movw %ax, %ds
  movl (%esp), %eax
  log
  movl 4(%esp), %eax
  log
  movl 8(%esp), %eax
  log
  movl %cr2, %eax
  log
go_on:
  movw $DATA, %ax
  movw %ax, %ds
  movw %ax, %es
  movw %ax, %ss
  movw %ax, %fs
  movw %ax, %gs
  movl $STACK_TOP, %esp
  movl NEXT, %eax
  cmpl $area + AREA_BYTES, %eax
  jae done
  addl $16, NEXT
  pushl $0x202
  pushl $CODE
  pushl %eax
  movl $0x180000, %esi
  movl $0x190000, %edi
  movl $3, %ecx
  movl $CONSOLE, %edx
  iretl
done:
  power_off

on_timer:
  pushal
  rdtsc
  movl %eax, 0x19ffe0
  incl 0x19ffe4
  movb $0x20, %al
  outb %al, $0x20
  popal
  iretl

  .balign 4096
area:
  .skip AREA_BYTES, 0xf1
