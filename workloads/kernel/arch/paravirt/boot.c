/* From the machine's start to kernel_main. What the loader left is described as Multiboot does. */
#include "base/text.h"
#include "paravirt.h"

__attribute__((noreturn)) void paravirt_main(void) {
  const uint32_t memory_end = smaller(page_down(MACHINE->memory_bytes), DIRECT_BYTES);
  MACHINE->kernel_entry = (uint32_t)kernel_entry;
  multiboot_take(arch_frame_address(MACHINE->boot_information), memory_end);
  paging_install(memory_end);
  x87_install();
  kernel_main();
}
