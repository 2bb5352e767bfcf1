#include "base/text.h"
#include "shared-space.h"

#define MULTIBOOT_HAS_COMMAND_LINE 0x04u
#define MULTIBOOT_HAS_MODULES 0x08u

struct multiboot_module {
  uint32_t start, end, text, reserved;
};

void multiboot_take(const struct multiboot_information *information, uint32_t memory_end) {
  if (information->flags & MULTIBOOT_HAS_COMMAND_LINE) start_command_line(arch_frame_address(information->command_line));
  if (!(information->flags & MULTIBOOT_HAS_MODULES) || information->module_count == 0) return;
  const struct multiboot_module *module = arch_frame_address(information->modules);
  if (module->start > module->end || module->end > memory_end) panic("the archive is not in memory");
  start_archive(module->start, module->end - module->start);
}
