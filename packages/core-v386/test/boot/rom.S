# A ROM of one page, linked for F000:F000. Code runs first in its shadow below 4 GB. Stores to it are lost; a reset starts it again.
  .include "say.inc"
  .globl _start
_start:
begin:
  mov al, 0x11
  out 0x80, al
  # in the shadow: the segment's base is FFFF0000
  inc byte ptr cs:[value]
  mov al, cs:[value]
  out 0xe9, al
  ljmp 0xf000, offset low
low:
  xor ax, ax
  mov ds, ax
  mov ss, ax
  mov sp, 0x1000
  mov ax, 0xf000
  mov es, ax
  # stores, a read-modify-write, an exchange, a string, and a store across the page's start
  mov word ptr es:[value], 0x4141
  inc byte ptr es:[value]
  mov ax, 0x4242
  xchg es:[value], ax
  say ax
  say "word ptr es:[value]"
  mov di, offset value
  mov cx, 8
  mov al, 0x43
  cld
  rep stosb
  say "word ptr es:[value]"
  say cx
  mov word ptr es:[0xefff], 0x5a5a
  say "word ptr es:[0xefff]"
  # a stack in ROM: the return address is what the ROM holds there
  mov ax, es
  mov ss, ax
  mov sp, offset stack + 2
  call elsewhere
elsewhere:
  ret
back:
  xor ax, ax
  mov ss, ax
  mov sp, 0x1000
  say "word ptr es:[stack]"
  # the first time around, reset
  mov al, 0x50
  out 0x70, al
  in al, 0x71
  inc al
  out 0x71, al
  cmp al, 1
  jne 1f
  print 10
  mov al, 1
  out 0x92, al
  hlt
1: finish 9
  .include "print.inc"
value: .byte 0x31, 0x32
stack: .word back
  .org 0xff0
  jmp begin
  .org 0x1000
