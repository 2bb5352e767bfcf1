/* Reads a word of every page that an address can name and every port, and writes beyond its memory: what it finds must be what a machine of its size shows. */
#include "prelude.inc"

main:
  xorl %esi, %esi
  xorl %ebx, %ebx
1: addl (%esi), %ebx
  roll $5, %ebx
  movzbl 0xfff(%esi), %eax
  addl %eax, %ebx
  addl $0x1000, %esi
  jnz 1b
  movl %ebx, %eax
  log
  /* Writes to where nothing is, and across the end of memory. */
  movl $0x200000, %esi
2: movl $0x12345678, (%esi)
  movw $0x1234, -1(%esi)
  movl (%esi), %eax
  log
  addl $0x3f123457, %esi
  jnc 2b
  movl 0x1ffffe, %eax
  log
  incl 0x400000
  movl 0x400000, %eax
  log
  xorl %edx, %edx
  xorl %ebx, %ebx
3: inb %dx, %al
  movzbl %al, %eax
  addl %eax, %ebx
  roll $7, %ebx
  incw %dx
  jnz 3b
  movl %ebx, %eax
  log
  movw $0xffff, %dx
  inl %dx, %eax
  log
  inw %dx, %ax
  log
  /* The paging structures themselves beyond memory: every entry there is ones. */
  movl $0xfffff000, %eax
  movl %eax, %cr3
  movl $2, SKIP
  /* Execution beyond memory: FF FF is no instruction. */
  gate 6, came_back
  movl $0x10000000, %eax
  jmp *%eax
came_back:
  movl (%esp), %eax
  log
  power_off
