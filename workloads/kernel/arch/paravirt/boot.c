/* From the machine's start to kernel_main. What the loader left is described as Multiboot does (Multiboot Specification 0.6.96, 3.3). */
#include "base/text.h"
#include "memory/frames.h"
#include "paravirt.h"

#define MULTIBOOT_HAS_COMMAND_LINE 0x04u
#define MULTIBOOT_HAS_MODULES 0x08u

struct multiboot_information {
  uint32_t flags, memory_lower, memory_upper, boot_device, command_line, module_count, modules;
};
struct multiboot_module {
  uint32_t start, end, text, reserved;
};

#define COMMAND_LINE_BYTES 4096
static char command_line[COMMAND_LINE_BYTES];
static struct boot_archive archive;

const char *arch_command_line(void) {
  return command_line;
}

struct boot_archive arch_archive(void) {
  return archive;
}

void arch_archive_release(void) {
  const uint32_t start = arch_frame_of(archive.bytes);
  if (archive.length) frames_add(page_up(start), page_down(start + archive.length));
  archive.length = 0;
}

static void archive_find(const struct multiboot_information *information, uint32_t memory_end) {
  if (!(information->flags & MULTIBOOT_HAS_MODULES) || information->module_count == 0) return;
  const struct multiboot_module *module = arch_frame_address(information->modules);
  if (module->start > module->end || module->end > memory_end) panic("the archive is not in memory");
  archive.bytes = arch_frame_address(module->start);
  archive.length = module->end - module->start;
}

__attribute__((noreturn)) void paravirt_main(void) {
  const struct multiboot_information *information = arch_frame_address(MACHINE->boot_information);
  const uint32_t memory_end = smaller(page_down(MACHINE->memory_bytes), DIRECT_BYTES);
  MACHINE->kernel_entry = (uint32_t)kernel_entry;
  if (information->flags & MULTIBOOT_HAS_COMMAND_LINE) text_copy(command_line, arch_frame_address(information->command_line), sizeof command_line);
  archive_find(information, memory_end);
  const uint32_t start = archive.length ? page_down(arch_frame_of(archive.bytes)) : memory_end;
  paging_install(memory_end, start, archive.length ? page_up(arch_frame_of(archive.bytes) + archive.length) : memory_end);
  x87_install();
  kernel_main();
}
