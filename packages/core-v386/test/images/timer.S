/* Interrupts of a fast timer and a periodic RTC in every situation: halted, in loops, with interrupts off, in shadows, in trap gates, single-stepped. */
#include "prelude.inc"

#define TICKS 0x19fff0

  /* Waits with interrupts off until an interrupt is surely pending. */
  .macro let_time_pass
  movl $2000, %ecx
7: loop 7b
  .endm

  .macro phase letter
  movb $\letter, %al
  outb %al, $CONSOLE
  .endm

main:
  movl $0, TICKS
  gate FIRST_IRQ, on_timer
  gate FIRST_IRQ+8, on_rtc
  start_pics
  /* RTC: periodic at 8192 Hz. */
  outb_imm 0x0a, 0x70
  outb_imm 0x23, 0x71
  outb_imm 0x0b, 0x70
  outb_imm 0x42, 0x71
  start_pit 20

  phase 'A'                     /* halted */
  movl TICKS, %ebx
  addl $5, %ebx
  sti
1: hlt
  cmpl %ebx, TICKS
  jb 1b

  phase 'B'                     /* running with interrupts on */
  addl $5, %ebx
1: incl %edx
  cmpl %ebx, TICKS
  jb 1b

  phase 'C'                     /* POPF opens the window */
  movl $4, %esi
1: cli
  let_time_pass
  pushl $0x202
  popfl
  incl %edx
  decl %esi
  jnz 1b

  phase 'D'                     /* the shadow of STI, over HLT too */
  movl $4, %esi
1: cli
  let_time_pass
  sti
  hlt
  cli
  let_time_pass
  sti
  incl %edx
  incl %edx
  cli
  let_time_pass
  sti
  cli
  decl %esi
  jnz 1b

  phase 'E'                     /* the shadow of a load of SS, behind that of STI; I/O in a shadow */
  movl $4, %esi
  movw %ss, %cx
1: cli
  movl $2000, %edi
2: decl %edi
  jnz 2b
  sti
  movw %cx, %ss
  incl %edx
  incl %edx
  cli
  movl $2000, %edi
2: decl %edi
  jnz 2b
  sti
  inb $0x61, %al
  incl %edx
  cli
  movl $2000, %edi
2: decl %edi
  jnz 2b
  sti
  movw %cx, %ss
  outb %al, $0x80
  incl %edx
  decl %esi
  jnz 1b

  phase 'F'                     /* trap gates: handlers run with interrupts on */
  cli
  gate FIRST_IRQ, on_timer, TRAP_GATE
  gate FIRST_IRQ+8, on_rtc, TRAP_GATE
  movl TICKS, %ebx
  addl $20, %ebx
  sti
1: incl %edx
  cmpl %ebx, TICKS
  jb 1b
1: hlt
  addl $1, %edi
  cmpl $30, %edi
  jb 1b

  phase 'G'                     /* single steps over instructions that a monitor interprets */
  cli
  gate 1, on_step
  movl $message, %esi
  movl $CONSOLE, %edx
  pushl $0x102
  popfl
  inb $0x61, %al
  outb %al, $0x80
  nop
  movl $4, %ecx
  rep outsb
  movl $0x10, %ecx
  rdmsr
  sti
  hlt
  hlt
  nop
  pushl $2
  popfl
  nop

  phase 'H'                     /* the timer with interrupts off for long, then the end of it all: powered off while stepping */
  movl $200000, %ecx
1: loop 1b
  pushl $0x102
  popfl
  power_off 7

message:
  .ascii "step"

on_timer:
  pushal
  rdtsc
  log
  movl 32(%esp), %eax
  log
  movl 40(%esp), %eax
  log
  incl TICKS
  outb_imm 't', CONSOLE
  outb_imm 0x20, 0x20
  popal
  iretl

on_rtc:
  pushal
  rdtsc
  log
  movl 32(%esp), %eax
  log
  outb_imm 0x0c, 0x70
  inb $0x71, %al
  movzbl %al, %eax
  log
  outb_imm 0x20, 0xa0
  outb_imm 0x20, 0x20
  popal
  iretl

on_step:
  pushal
  movl 32(%esp), %eax
  log
  rdtsc
  log
  movl %dr6, %eax
  log
  xorl %eax, %eax
  movl %eax, %dr6
  popal
  iretl
