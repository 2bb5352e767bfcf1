/* From the words with which the host started this program to kernel_main. */
#include "base/text.h"
#include "devices.h"
#include "host.h"
#include "spaces.h"
#include "time.h"

#define MEMORY_DEFAULT (64u << 20)
#define KIB_SHIFT 10
#define MIB_SHIFT 20
#define STATUS_REFUSED 2
#define TEXT_BYTES 256
/* Physical memory begins with the stub's code and the nursery's data. */
#define STUB_PAGES_BYTES (2 * PAGE_BYTES)
/* Less is no system. */
#define MEMORY_LEAST (1u << MIB_SHIFT)

struct host_options host_options = { .memory_bytes = MEMORY_DEFAULT, .arrangement = SKAS0 };
int32_t host_memory_file;

void refuse(const char *format, ...) {
  char text[TEXT_BYTES];
  struct text_buffer buffer = { text, 0, sizeof text };
  __builtin_va_list arguments;
  __builtin_va_start(arguments, format);
  text_add_list(&buffer, format, arguments);
  __builtin_va_end(arguments);
  print("um: ");
  arch_console_write(text, buffer.length);
  print("\n");
  for (;;) HOST(HOST_EXIT_GROUP, STATUS_REFUSED);
}

static const char *value_of(const char *word, const char *key) {
  return text_starts(word, key) ? word + text_length(key) : NULL;
}

static uint32_t memory_read(const char *word, const char *text) {
  char digits[TEXT_BYTES];
  text_copy(digits, text, sizeof digits);
  const uint32_t length = text_length(digits);
  const char unit = length ? digits[length - 1] : '\0';
  const uint32_t shift = unit == 'M' ? MIB_SHIFT : unit == 'K' ? KIB_SHIFT : 0;
  uint32_t number;
  if (shift) digits[length - 1] = '\0';
  if (!text_number(digits, &number) || number > (uint32_t)DIRECT_BYTES >> shift || number << shift < MEMORY_LEAST) refuse("%s: from 1M to 896M", word);
  return page_down(number << shift);
}

static void arrangement_read(const char *word, const char *value) {
  if (text_equal(value, "tt")) host_options.arrangement = TT;
  else if (text_equal(value, "skas0")) host_options.arrangement = SKAS0;
  else if (text_equal(value, "skas3")) host_options.arrangement = SKAS3;
  else refuse("%s: tt, skas0 or skas3", word);
}

static void word_read(const char *word) {
  const char *value;
  if ((value = value_of(word, "mem="))) host_options.memory_bytes = memory_read(word, value);
  else if ((value = value_of(word, "archive="))) host_options.archive = value;
  else if ((value = value_of(word, "disk="))) host_options.disk = value;
  else if ((value = value_of(word, "command="))) host_options.command_line = value;
  else if ((value = value_of(word, "arrangement="))) arrangement_read(word, value);
  else if (text_equal(word, "sysemu=off")) host_options.no_sysemu = true;
  else if (text_equal(word, "sysemu=on")) host_options.no_sysemu = false;
  else if (text_equal(word, "counts")) host_options.counts = true;
  else refuse("unknown word %s", word);
}

static void memory_map(void *at, uint32_t bytes, uint32_t flags, int32_t file) {
  const int32_t mapped = HOST(HOST_MMAP2, at, bytes, PROT_READ_WRITE, flags, file, 0);
  if (mapped != (int32_t)at) refuse("the host gives no memory at %8x: error %d", (uint32_t)at, -mapped);
}

static void memory_make(uint32_t bytes) {
  host_memory_file = HOST(HOST_MEMFD_CREATE, "ringbench", 0);
  if (host_memory_file < 0) refuse("the host makes no file of memory: error %d", -host_memory_file);
  const int32_t error = HOST(HOST_FTRUNCATE64, host_memory_file, bytes, 0);
  if (error < 0) refuse("the host refuses %u bytes of memory: error %d", bytes, -error);
  memory_map((void *)DIRECT_BASE, bytes, MAP_SHARED_FIXED, host_memory_file);
  memory_map((void *)STACKS_BASE, PROCESS_LIMIT * STACK_SLOT_BYTES, MAP_PRIVATE_ANONYMOUS_FIXED, -1);
}

static void archive_read(const char *path, uint32_t memory_end) {
  const int32_t file = HOST(HOST_OPEN, path, OPEN_READ);
  if (file < 0) refuse("%s: error %d", path, -file);
  const uint64_t bytes = file_bytes(file);
  if (bytes > memory_end - STUB_PAGES_BYTES) refuse("%s: does not fit into memory", path);
  uint8_t *to = arch_frame_address(STUB_PAGES_BYTES);
  for (uint32_t at = 0; at < bytes;) {
    const int32_t done = HOST(HOST_PREAD64, file, to + at, (uint32_t)bytes - at, at, 0);
    if (done <= 0) refuse("%s: error %d", path, -done);
    at += (uint32_t)done;
  }
  HOST(HOST_CLOSE, file);
  start_archive(STUB_PAGES_BYTES, (uint32_t)bytes);
}

/* The selectors that the host gives to every process, and the first of the descriptors that a process may set. */
static void host_ask(void) {
  struct host_segment segment = { HOST_SEGMENT_ANY, 0, 1, HOST_SEGMENT_32 | HOST_SEGMENT_USEABLE };
  __asm__("movl %%cs, %0" : "=r"(host_code_selector));
  __asm__("movl %%ss, %0" : "=r"(host_data_selector));
  const int32_t error = HOST(HOST_SET_THREAD_AREA, &segment);
  if (error < 0) refuse("the host has no thread-local segments: error %d", -error);
  host_thread_segment_first = segment.number;
  segment = (struct host_segment){ segment.number, 0, 0, HOST_SEGMENT_READ_ONLY | HOST_SEGMENT_NOT_PRESENT };
  HOST(HOST_SET_THREAD_AREA, &segment);
}

/* `words` points to what the host left on the stack. */
__attribute__((noreturn)) void um_main(const uint32_t *words);
void um_main(const uint32_t *words) {
  const uint32_t count = words[0];
  for (uint32_t at = 1; at < count; at++) word_read((const char *)words[1 + at]);
  const uint32_t memory_end = host_options.memory_bytes;
  host_ask();
  memory_make(memory_end);
  if (host_options.command_line) start_command_line(host_options.command_line);
  if (host_options.archive) archive_read(host_options.archive, memory_end);
  disk_install();
  start_memory(STUB_PAGES_BYTES, memory_end);
  spaces_start();
  interrupts_install();
  kernel_main();
}
