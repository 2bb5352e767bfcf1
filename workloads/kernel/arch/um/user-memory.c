/* Access to programs' memory by the kernel's own tables: a page that is not there is brought in as by a fault of the program's. */
#include "base/text.h"
#include "process/process.h"

/* Where the kernel sees a byte of the current program's; null if the program may not touch it. */
static uint8_t *user_byte(uint32_t address, bool write) {
  const uint32_t needed = write ? RIGHT_WRITE : RIGHT_READ;
  for (;;) {
    uint32_t rights;
    if (!current->space || address >= USER_END) return NULL;
    const uint32_t frame = arch_mapping(&current->space->arch, page_down(address), &rights);
    if (frame != NO_FRAME && rights & needed) return (uint8_t *)arch_frame_address(frame) + (address & PAGE_MASK);
    if (!kernel_page_fault(NULL, address, write, false)) return NULL;
  }
}

static uint32_t part_of(uint32_t address, uint32_t bytes) {
  return smaller(bytes, PAGE_BYTES - (address & PAGE_MASK));
}

uint32_t arch_copy_from_user(void *to, uint32_t from, uint32_t bytes) {
  uint8_t *at = to;
  while (bytes > 0) {
    const uint32_t part = part_of(from, bytes);
    const uint8_t *source = user_byte(from, false);
    if (!source) break;
    memcpy(at, source, part);
    at += part;
    from += part;
    bytes -= part;
  }
  return bytes;
}

uint32_t arch_copy_to_user(uint32_t to, const void *from, uint32_t bytes) {
  const uint8_t *at = from;
  while (bytes > 0) {
    const uint32_t part = part_of(to, bytes);
    uint8_t *target = user_byte(to, true);
    if (!target) break;
    memcpy(target, at, part);
    at += part;
    to += part;
    bytes -= part;
  }
  return bytes;
}

uint32_t arch_clear_user(uint32_t to, uint32_t bytes) {
  while (bytes > 0) {
    const uint32_t part = part_of(to, bytes);
    uint8_t *target = user_byte(to, true);
    if (!target) break;
    memset(target, 0, part);
    to += part;
    bytes -= part;
  }
  return bytes;
}
