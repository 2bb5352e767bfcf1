/* From the boot loader to kernel_main. */
#include "base/text.h"
#include "pc.h"

#define MULTIBOOT_LOADER_MAGIC 0x2badb002u
#define MIB 0x100000u
#define KIB 1024u

__attribute__((noreturn)) void pc_main(uint32_t magic, uint32_t information_address) {
  arch_console_start();
  const struct multiboot_information *information = arch_frame_address(information_address);
  if (magic != MULTIBOOT_LOADER_MAGIC || !(information->flags & MULTIBOOT_HAS_MEMORY)) panic("not started by a Multiboot loader");
  const uint32_t memory_end = smaller(page_down(MIB + information->memory_upper * KIB), DIRECT_BYTES);
  multiboot_take(information, memory_end);
  paging_install(memory_end);
  descriptors_install();
  interrupts_install();
  x87_install();
  disk_install();
  kernel_main();
}
