# Calls the services that loaders use and prints what they answer: sector 1 loads the rest by CHS, the rest lies in sectors 2 to 4.
  .include "say.inc"
  enter_sector
  mov es, ax
  sti
  cld
  say dx
  mov ax, 0x0203
  mov bx, 0x7e00
  mov cx, 2
  mov dx, 0x0080
  int 0x13
  result
  jmp more
  .include "print.inc"
packet: .word 16, 1, 0x9000, 0; .long 0, 0
  .org 510
  .word 0xaa55

more:
  # INT 11h, 12h
  int 0x11
  result
  int 0x12
  result
  # INT 13h: parameters, type, extensions, packet read, and what lies beyond the end
  mov ax, 0x0800
  mov dl, 0x80
  int 0x13
  say dx
  say cx
  result
  mov ah, 0x15
  mov dl, 0x80
  int 0x13
  say dx
  result
  mov ah, 0x41
  mov bx, 0x55aa
  mov dl, 0x80
  int 0x13
  say bx
  result
  mov ax, 0x4200
  mov dl, 0x80
  mov si, offset packet
  int 0x13
  result
  say "word ptr [0x91fe]"
  mov dword ptr [packet + 8], 0x7fffffff
  mov ax, 0x4200
  int 0x13
  say "word ptr [packet + 2]"
  result
  mov ax, 0x0281
  mov bx, 0x9000
  mov cx, 1
  mov dx, 0x0080
  int 0x13
  result
  mov ax, 0x0201
  mov cx, 0xffff
  mov dx, 0xff80
  int 0x13
  result
  mov ax, 0x0201
  mov dx, 0x0085
  int 0x13
  result
  # a write, and what is read back
  mov ax, 0x0301
  mov bx, 0x7c00
  mov cx, 3
  mov dx, 0x0080
  int 0x13
  mov ax, 0x0201
  mov bx, 0xa000
  mov cx, 3
  int 0x13
  result
  say "word ptr [0xa1fe]"
  # a read beyond memory and into ROM is lost
  mov ax, 0xf000
  mov es, ax
  mov ax, 0x0201
  xor bx, bx
  mov cx, 1
  int 0x13
  result
  say "word ptr es:[0]"
  xor ax, ax
  mov es, ax
  print 10
  # INT 15h
  mov ah, 0x88
  int 0x15
  result
  mov ax, 0xe801
  int 0x15
  say bx
  result
  xor ebx, ebx
1: mov eax, 0xe820
  mov edx, 0x534d4150
  mov ecx, 20
  mov di, 0xb000
  int 0x15
  jc 2f
  say "word ptr [0xb002]"
  say "word ptr [0xb000]"
  say "word ptr [0xb010]"
  print 32
  test ebx, ebx
  jnz 1b
2: result
  mov ax, 0x2402
  int 0x15
  result
  mov ah, 0xc0
  int 0x15
  result
  mov word ptr [0xb012], 0
  mov byte ptr [0xb014], 0x7c
  mov word ptr [0xb010 + 2], 0x7c00
  mov byte ptr [0xb010 + 4], 0
  mov byte ptr [0xb010 + 7], 0
  mov word ptr [0xb018 + 2], 0
  mov byte ptr [0xb018 + 4], 0x10
  mov byte ptr [0xb018 + 7], 0
  mov si, 0xb000
  mov cx, 256
  mov ah, 0x87
  int 0x15
  result
  mov ax, 0xffff
  mov es, ax
  say "word ptr es:[0x20e]"
  xor ax, ax
  mov es, ax
  # INT 1Ah: three ticks by HLT; date
  mov ah, 0
  int 0x1a
  mov bx, dx
3: hlt
  mov ah, 0
  int 0x1a
  sub dx, bx
  cmp dx, 3
  jb 3b
  say dx
  mov ah, 4
  int 0x1a
  say dx
  say cx
  mov ah, 0xb1
  int 0x1a
  result
  # INT 10h
  mov ax, 3
  int 0x10
  mov ah, 2
  mov bh, 0
  mov dx, 0x0a05
  int 0x10
  mov ax, 0x1301
  mov bx, 0x001f
  mov cx, 5
  mov bp, offset text
  int 0x10
  mov ax, 0x0e21
  int 0x10
  mov ah, 3
  mov bh, 0
  int 0x10
  say dx
  say cx
  mov ah, 0x0f
  int 0x10
  say ax
  mov ah, 2
  mov dx, 0x184f
  int 0x10
  mov ax, 0x0e2e
  int 0x10
  mov ah, 3
  int 0x10
  say dx
  mov ax, 0x1a00
  int 0x10
  say bx
  mov ah, 1
  mov dx, 0
  int 0x14
  print 10
  mov dl, 0
  finish 0x2a
text: .ascii "Hello"
  .org 2048
