#include "process/elf.h"

#include "base/errors.h"
#include "base/text.h"
#include "devices/random-bytes.h"
#include "files/inode.h"
#include "memory/frames.h"
#include "process/process.h"

struct elf_header {
  uint8_t magic[4], class, encoding, version, padding[9];
  uint16_t type, machine;
  uint32_t version2, entry, headers_at, sections_at, flags;
  uint16_t bytes, header_bytes, header_count, section_bytes, section_count, names;
};
struct program_header {
  uint32_t type, offset, address, physical, file_bytes, memory_bytes, flags, alignment;
};
#define CLASS_32 1
#define LITTLE_ENDIAN 1
#define TYPE_EXECUTABLE 2
#define TYPE_SHARED 3
#define MACHINE_386 3
#define SEGMENT_LOAD 1u
#define SEGMENT_INTERPRETER 3u
#define FLAG_EXECUTE 1u
#define FLAG_WRITE 2u
#define FLAG_READ 4u
#define HEADERS_MOST 64u
/* Where a position-independent program goes, as under Linux without randomization. */
#define POSITION_INDEPENDENT_BASE 0x56555000u
#define WORD 4u

/* AT_ numbers of <elf.h>. */
enum { AUX_NULL, AUX_PHDR = 3, AUX_PHENT, AUX_PHNUM, AUX_PAGESZ, AUX_BASE, AUX_FLAGS, AUX_ENTRY, AUX_UID = 11, AUX_EUID, AUX_GID, AUX_EGID,
       AUX_PLATFORM, AUX_HWCAP, AUX_CLKTCK, AUX_SECURE = 23, AUX_RANDOM = 25, AUX_EXECFN = 31 };
#define RANDOM_BYTES 16u
#define PLATFORM "i686"

static bool header_valid(const struct elf_header *header) {
  return memcmp(header->magic, "\177ELF", 4) == 0 && header->class == CLASS_32 && header->encoding == LITTLE_ENDIAN && header->machine == MACHINE_386 &&
    (header->type == TYPE_EXECUTABLE || header->type == TYPE_SHARED) && header->header_bytes == sizeof(struct program_header) &&
    header->header_count > 0 && header->header_count <= HEADERS_MOST;
}

static uint32_t protection_of(const struct program_header *header) {
  return (header->flags & FLAG_READ ? PROT_READ : 0) | (header->flags & FLAG_WRITE ? PROT_WRITE : 0) | (header->flags & FLAG_EXECUTE ? PROT_EXEC : 0);
}

/* The bytes behind the file's part, on the page that it ends in, are zero. */
static int tail_clear(struct space *space, struct inode *inode, uint32_t address, uint32_t at, uint32_t protection) {
  const uint32_t offset = address & PAGE_MASK, page = page_down(address);
  const uint32_t frame = offset ? frame_take_zeroed_for_user() : NO_FRAME;
  if (!offset) return 0;
  if (frame == NO_FRAME) return -ENOMEM;
  inode_read(inode, at - offset, arch_frame_address(frame), offset);
  const int error = arch_map(&space->arch, page, frame, RIGHT_READ | (protection & PROT_WRITE ? RIGHT_WRITE : 0));
  if (error) frame_drop(frame);
  else space->resident++;
  return error;
}

static int segment_map(struct space *space, struct inode *inode, const struct program_header *header, uint32_t base) {
  const uint32_t start = header->address + base, file_end = start + header->file_bytes, end = start + header->memory_bytes;
  const uint32_t protection = protection_of(header);
  if (header->file_bytes > header->memory_bytes || end < start || end > MAPPINGS_TOP || start < USER_START) return -ENOEXEC;
  if ((header->offset ^ header->address) & PAGE_MASK || header->offset > inode->size || header->file_bytes > inode->size - header->offset) return -ENOEXEC;
  if (!space_is_free(space, page_down(start), page_up(end))) return -ENOEXEC;
  const uint32_t border = header->file_bytes ? page_up(file_end) : page_down(start);
  if (border > page_down(start)) {
    const struct region region = { NULL, page_down(start), border, protection, false, header->memory_bytes > header->file_bytes, inode, header->offset >> PAGE_SHIFT };
    if (space_add(space, &region)) return -ENOMEM;
    if (header->memory_bytes > header->file_bytes && tail_clear(space, inode, file_end, header->offset + header->file_bytes, protection)) return -ENOMEM;
  }
  if (page_up(end) > border) {
    const struct region region = { NULL, border, page_up(end), protection, false, false, NULL, 0 };
    if (space_add(space, &region)) return -ENOMEM;
  }
  space->break_start = space->break_end = larger(space->break_end, page_up(end));
  return 0;
}

static int segments_map(struct inode *inode, struct space *space, const struct elf_header *header, struct elf_program *program) {
  const uint32_t base = header->type == TYPE_SHARED ? POSITION_INDEPENDENT_BASE : 0;
  for (uint32_t at = 0; at < header->header_count; at++) {
    struct program_header segment;
    if (inode_read(inode, header->headers_at + at * sizeof segment, &segment, sizeof segment) != sizeof segment) return -ENOEXEC;
    /* A dynamic linker would have to be loaded: only static programs. */
    if (segment.type == SEGMENT_INTERPRETER) return -ENOEXEC;
    if (segment.type != SEGMENT_LOAD || segment.memory_bytes == 0) continue;
    const int error = segment_map(space, inode, &segment, base);
    if (error) return error;
    if (header->headers_at - segment.offset < segment.file_bytes) program->headers = segment.address + base + header->headers_at - segment.offset;
  }
  program->entry = header->entry + base;
  program->header_count = header->header_count;
  return space->regions ? 0 : -ENOEXEC;
}

int elf_load(struct inode *inode, struct space *space, struct elf_program *program) {
  struct elf_header header;
  memset(program, 0, sizeof *program);
  if (inode_read(inode, 0, &header, sizeof header) != sizeof header || !header_valid(&header)) return -ENOEXEC;
  const int error = segments_map(inode, space, &header, program);
  if (error) return error;
  const struct region stack = { NULL, STACK_TOP - STACK_BYTES_MOST, STACK_TOP, PROT_ALL, false, false, NULL, 0 };
  return space_add(space, &stack);
}

/* Copies the texts to the top of the stack; returns where they begin, or 0. */
static uint32_t texts_put(const struct exec_texts *texts, uint32_t top) {
  const uint32_t start = (top - texts->length) & ~(WORD - 1);
  for (uint32_t done = 0; done < texts->length; done += PAGE_BYTES) {
    if (arch_copy_to_user(start + done, texts->pages[done / PAGE_BYTES], smaller(PAGE_BYTES, texts->length - done))) return 0;
  }
  return start;
}

static bool word_put(uint32_t *at, uint32_t word) {
  const bool done = arch_copy_to_user(*at, &word, sizeof word) == 0;
  *at += WORD;
  return done;
}

/* The addresses of `count` texts and a null; `*text` is an offset that moves on. */
static bool addresses_put(const struct exec_texts *texts, uint32_t start, uint32_t count, uint32_t *text, uint32_t *at) {
  bool done = true;
  for (; count > 0; count--) {
    done &= word_put(at, start + *text);
    while (texts->pages[*text / PAGE_BYTES][*text % PAGE_BYTES]) ++*text;
    ++*text;
  }
  return word_put(at, 0) && done;
}

int elf_stack_build(const struct elf_program *program, const struct exec_texts *texts, uint32_t *stack) {
  struct processor_identity identity;
  uint8_t random[RANDOM_BYTES];
  random_fill(random, sizeof random);
  arch_processor(&identity);
  const uint32_t start = texts_put(texts, STACK_TOP - WORD);
  const uint32_t random_at = (start - sizeof random) & ~15u, platform_at = random_at - 16;
  if (!start || arch_copy_to_user(random_at, random, sizeof random) || arch_copy_to_user(platform_at, PLATFORM, sizeof PLATFORM)) return -EFAULT;
  const uint32_t vector[][2] = {
    { AUX_HWCAP, identity.features }, { AUX_PAGESZ, PAGE_BYTES }, { AUX_CLKTCK, TICKS_PER_SECOND }, { AUX_PHDR, program->headers },
    { AUX_PHENT, sizeof(struct program_header) }, { AUX_PHNUM, program->header_count }, { AUX_BASE, 0 }, { AUX_FLAGS, 0 },
    { AUX_ENTRY, program->entry }, { AUX_UID, current->user }, { AUX_EUID, current->user }, { AUX_GID, 0 }, { AUX_EGID, 0 }, { AUX_SECURE, 0 },
    { AUX_RANDOM, random_at }, { AUX_EXECFN, start }, { AUX_PLATFORM, platform_at }, { AUX_NULL, 0 },
  };
  const uint32_t bytes = (texts->arguments + texts->environment + 3) * WORD + sizeof vector;
  uint32_t at = *stack = (platform_at - bytes) & ~15u, text = 0;
  bool done = word_put(&at, texts->arguments) && addresses_put(texts, start, texts->arguments, &text, &at);
  done = done && addresses_put(texts, start, texts->environment, &text, &at) && arch_copy_to_user(at, vector, sizeof vector) == 0;
  current->arguments_start = start;
  current->arguments_end = start + texts->environment_at;
  return done ? 0 : -EFAULT;
}
