# Resets the machine by the keyboard controller.
  .intel_syntax noprefix
  .code16
  .globl _start
_start:
  mov al, 0xfe
  out 0x64, al
1: jmp 1b
  .org 510
  .word 0xaa55
