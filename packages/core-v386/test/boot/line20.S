# Address line 20 by port 92h and by the keyboard controller: whether FFFF:0510 is 0000:0500.
  .include "say.inc"
  enter_sector
  cli
  dec ax
  mov es, ax
  call probe
  in al, 0x92
  and al, 0xfd
  out 0x92, al
  call probe
  mov al, 0xd1
  out 0x64, al
  mov al, 0xdf
  out 0x60, al
  call probe
  mov al, 0xd1
  out 0x64, al
  mov al, 0xdd
  out 0x60, al
  call probe
  in al, 0x92
  out 0xe9, al
  mov ax, 0x2401
  int 0x15
  call probe
  finish 3
probe:
  mov word ptr [0x500], 0x1111
  mov word ptr es:[0x510], 0x2222
  say "word ptr [0x500]"
  say "word ptr es:[0x510]"
  print 32
  ret
  .include "print.inc"
  .org 510
  .word 0xaa55
