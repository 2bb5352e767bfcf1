# Prints each key word that INT 16h waits for, and ends with Escape.
  .include "say.inc"
  enter_sector
1: mov ah, 0x11
  int 0x16
  mov ah, 0
  int 0x16
  say ax
  print 32
  cmp al, 27
  jne 1b
  mov ah, 2
  int 0x16
  finish 7
  .include "print.inc"
  .org 510
  .word 0xaa55
