/* What execve refuses, and what becomes of programs that break the rules: each must end as under Linux. */
#include "checksum.h"
#include "program.h"

#define CALL_MKDIR 39u
#define CALL_CHMOD 15u
#define CALL_RMDIR 40u
#define CALL_SYMLINK 83u
#define FILE_PATH "/tmp/ringbench-bad-program"
#define FOLDER_PATH "/tmp/ringbench-bad-folder"
#define LOOP_PATH "/tmp/ringbench-bad-loop"
#define LONG_NAME_BYTES 300
#define LINE_BYTES 128

/* The beginning of an ELF file, and one program header (Tool Interface Standard ELF 1.2, book I, 1-3 and 2-2). */
struct elf {
  uint8_t magic[4], class, encoding, version, padding[9];
  uint16_t type, machine;
  uint32_t version2, entry, headers_at, sections_at, flags;
  uint16_t header_bytes, entry_bytes, entry_count, section_bytes, section_count, section_names;
  uint32_t segment_type, offset, address, physical, file_bytes, memory_bytes, segment_flags, alignment;
};
#define HEADERS_AT 52
#define HEADER_BYTES 32
static const struct elf good = {
  { 0x7f, 'E', 'L', 'F' }, 1, 1, 1, { 0 }, 2, 3, 1, 0x8048000, HEADERS_AT, 0, 0, HEADERS_AT, HEADER_BYTES, 1, 0, 0, 0,
  1, 0, 0x8048000, 0x8048000, sizeof(struct elf), sizeof(struct elf), 5, PAGE_BYTES,
};

static void line_say(const char *what, const char *how, uint32_t number) {
  char line[LINE_BYTES];
  char *end = text_copy(text_append_decimal(text_copy(text_copy(line, what), how), number), "\n");
  write_all(STANDARD_OUTPUT, line, (uint32_t)(end - line));
}

/* Says how the child ended that ran `path` or could not. */
static void execute(const char *what, const char *path) {
  char *list[] = { (char *)path, 0 };
  int32_t status = 0;
  const int32_t child = checked(call_fork(), "fork");
  if (child == 0) call_exit(-call_execve(path, list, list + 1));
  checked(call_waitpid(child, &status), "waitpid");
  if (status & 0x7f) line_say(what, ": killed by signal ", status & 0x7f);
  else line_say(what, ": error ", (uint32_t)status >> 8 & 0xff);
}

static void file_make(const void *bytes, uint32_t count, uint32_t mode) {
  const int32_t file = checked(call_open(FILE_PATH, O_WRONLY | O_CREAT | O_TRUNC, 0700), "open");
  write_all(file, bytes, count);
  call_close(file);
  checked(raw_call(CALL_CHMOD, (uint32_t)FILE_PATH, mode, 0), "chmod");
}

static void execute_bytes(const char *what, const void *bytes, uint32_t count) {
  file_make(bytes, count, 0700);
  execute(what, FILE_PATH);
}

static void execute_texts(void) {
  execute_bytes("an empty file", "", 0);
  execute_bytes("a text", "no program\n", 11);
  execute_bytes("a script without interpreter", "#!\n", 3);
  execute_bytes("a script with an interpreter that is missing", "#!/none/such\n", 13);
  execute_bytes("a script with a folder for interpreter", "#!/tmp\n", 7);
  execute_bytes("a script that is its own interpreter", "#!" FILE_PATH "\n", sizeof "#!" FILE_PATH);
}

static void execute_headers(void) {
  struct elf elf = good;
  execute_bytes("the magic number alone", &elf, 4);
  execute_bytes("half a header", &elf, 26);
  execute_bytes("a header whose table is behind the end", &elf, HEADERS_AT);
  elf.machine = 0x300;
  execute_bytes("the other byte order", &elf, sizeof elf);
  elf = good;
  elf.machine = 8;
  execute_bytes("another machine", &elf, sizeof elf);
  elf = good;
  elf.type = 1;
  execute_bytes("an object file", &elf, sizeof elf);
  elf = good;
  elf.entry_count = 0;
  execute_bytes("no segments", &elf, sizeof elf);
  elf = good;
  elf.entry_bytes = 31;
  execute_bytes("entries of the wrong size", &elf, sizeof elf);
  elf = good;
  elf.headers_at = 0xfffffff0u;
  execute_bytes("a table at the end of the world", &elf, sizeof elf);
  elf = good;
  elf.entry_count = 0xffff;
  execute_bytes("more segments than bytes", &elf, sizeof elf);
}

/* These are loaded, and die of what they are. */
static void execute_doomed(void) {
  struct elf elf = good;
  elf.entry = 0x1000;
  execute_bytes("an entry where nothing is", &elf, sizeof elf);
  elf = good;
  elf.segment_flags = 4;
  elf.entry = 0xfffff000u;
  execute_bytes("an entry in the kernel", &elf, sizeof elf);
}

static void execute_paths(void) {
  static char name[LONG_NAME_BYTES + 1];
  memset(name, 'x', LONG_NAME_BYTES);
  file_make(&good, sizeof good, 0600);
  execute("what may not be executed", FILE_PATH);
  execute("a folder", FOLDER_PATH);
  execute("nothing", "/none/such");
  execute("a path through a file", FILE_PATH "/x");
  execute("a name that is too long", name);
  execute("a link to itself", LOOP_PATH);
  const int32_t file = checked(call_open(FILE_PATH, O_WRONLY, 0), "open");
  checked(raw_call(CALL_CHMOD, (uint32_t)FILE_PATH, 0700, 0), "chmod");
  execute("a file that is being written", FILE_PATH);
  call_close(file);
  line_say("writing a program that runs", ": error ", (uint32_t)-call_open("/proc/self/exe", O_WRONLY, 0));
}

/* Runs two bytes of code in a child. */
static void break_rule(const char *what, uint8_t first, uint8_t second) {
  int32_t status = 0;
  const int32_t child = checked(call_fork(), "fork");
  if (child == 0) {
    uint8_t *code = pages_map(PAGE_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC);
    code[0] = first;
    code[1] = second;
    code[2] = 0xc3;
    ((void (*)(void))code)();
    call_exit(0);
  }
  checked(call_waitpid(child, &status), "waitpid");
  if (status & 0x7f) line_say(what, ": killed by signal ", status & 0x7f);
  else line_say(what, ": status ", (uint32_t)status >> 8 & 0xff);
}

static void break_rules(void) {
  break_rule("CLI", 0xfa, 0x90);
  break_rule("HLT", 0xf4, 0x90);
  break_rule("OUT 80h", 0xe6, 0x80);
  break_rule("CLTS", 0x0f, 0x06);
  break_rule("UD2", 0x0f, 0x0b);
  break_rule("INT 20h", 0xcd, 0x20);
  break_rule("INT 0Eh", 0xcd, 0x0e);
  break_rule("INT3", 0xcc, 0x90);
  break_rule("a loaded null stack selector", 0x17, 0x90);
}

void workload_prepare(void) {
  call_unlink(LOOP_PATH);
  checked(raw_call(CALL_SYMLINK, (uint32_t)LOOP_PATH, (uint32_t)LOOP_PATH, 0), "symlink");
  raw_call(CALL_MKDIR, (uint32_t)FOLDER_PATH, 0700, 0);
}

uint32_t workload_run(uint32_t scale) {
  for (uint32_t round = 0; round < scale; round++) {
    execute_texts();
    execute_headers();
    execute_doomed();
    execute_paths();
    break_rules();
  }
  return CHECKSUM_SEED;
}

void program_finish(void) {
  call_unlink(LOOP_PATH);
  call_unlink(FILE_PATH);
  raw_call(CALL_RMDIR, (uint32_t)FOLDER_PATH, 0, 0);
}
