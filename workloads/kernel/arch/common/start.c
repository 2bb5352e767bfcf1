/* Command line, archive and free memory, as the port found them. */
#include "base/text.h"
#include "arch/common/common.h"
#include "memory/frames.h"

#define COMMAND_LINE_BYTES 4096
static char command_line[COMMAND_LINE_BYTES];
static struct boot_archive archive;

const char *arch_command_line(void) {
  return command_line;
}

void start_command_line(const char *text) {
  text_copy(command_line, text, sizeof command_line);
}

struct boot_archive arch_archive(void) {
  return archive;
}

void start_archive(uint32_t start, uint32_t bytes) {
  archive.bytes = arch_frame_address(start);
  archive.length = bytes;
}

void arch_archive_release(void) {
  const uint32_t start = arch_frame_of(archive.bytes);
  if (archive.length) frames_add(page_up(start), page_down(start + archive.length));
  archive.length = 0;
}

struct archive_pages start_archive_pages(uint32_t memory_end) {
  if (!archive.length) return (struct archive_pages){ memory_end, memory_end };
  const uint32_t start = arch_frame_of(archive.bytes);
  return (struct archive_pages){ page_down(start), page_up(start + archive.length) };
}

void start_memory(uint32_t free, uint32_t memory_end) {
  const struct archive_pages pages = start_archive_pages(memory_end);
  free = frames_prepare(memory_end, free, pages.start, pages.end);
  if (pages.end <= free) {
    frames_add(free, memory_end);
  } else {
    frames_add(free, pages.start);
    frames_add(pages.end, memory_end);
  }
}
