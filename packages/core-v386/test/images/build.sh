#!/bin/sh
# Builds the test guests next to their sources. Built with gcc 12.2.0 and GNU Binutils 2.40 (Debian 12).
set -eu
cd "$(dirname "$0")"
build() { # name source definitions...
  name=$1; source=$2; shift 2
  gcc -m32 -nostdlib -static -ffreestanding -Wl,--build-id=none -Wl,-Ttext=0x100000 -Wl,-e,0x100000 -Wa,--noexecstack "$@" -o "$name.elf" "$source"
  objcopy -O binary -j .text "$name.elf" "$name.bin"
  rm "$name.elf"
}
for source in timer far-stack probe string-io exits stubborn triple-fault chaos; do build $source $source.S; done
build cold-touches cold-touches.S
build cold-touches-paged cold-touches.S -DPAGED
build asleep asleep.S
build asleep-masked asleep.S -DMASKED
