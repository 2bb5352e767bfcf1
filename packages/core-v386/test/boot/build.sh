#!/bin/sh
# Builds the boot sectors and ROMs next to their sources. Built with gcc 12.2.0 and GNU Binutils 2.40 (Debian 12).
set -eu
cd "$(dirname "$0")"
build() { # name address
  gcc -m32 -nostdlib -static -ffreestanding -Wl,--build-id=none -Wl,-Ttext="$2" -Wl,-e,"$2" -Wa,--noexecstack -o "$1.elf" "$1.S"
  objcopy -O binary -j .text "$1.elf" "$1.bin"
  rm "$1.elf"
}
build services 0x7c00
build keys 0x7c00
build line20 0x7c00
build reset 0x7c00
build rom 0xf000
