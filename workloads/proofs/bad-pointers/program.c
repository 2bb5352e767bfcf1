/* Each pointer argument of each system call, with addresses that do not work: EFAULT, and nothing else happens. */
#include "cases.h"
#include "checksum.h"
#include "program.h"

#define ERROR_FAULT 14
#define PATH_TEXT "/tmp/ringbench-bad-pointers"
#define NEW_PATH_TEXT "/tmp/ringbench-bad-pointers-new"
#define O_DIRECTORY 0200000
#define CALL_SEEK 19u
#define LINE_BYTES 128

static int32_t file, folder, ends[2];
static uint32_t room[256], zeroes[256];
static char *unreadable, *read_only;

/* What a kernel does not have takes no pointers. */
#define ERROR_NO_CALL 38

static uint32_t value_of(uint32_t argument, uint32_t bad) {
  switch (argument) {
    case FILE_OPEN: return (uint32_t)file;
    case FOLDER_OPEN: return (uint32_t)folder;
    case PIPE_READ: return (uint32_t)ends[0];
    case PIPE_WRITE: return (uint32_t)ends[1];
    case PATH: return (uint32_t)PATH_TEXT;
    case NEW_PATH: return (uint32_t)NEW_PATH_TEXT;
    case PROGRAM: return (uint32_t)"/proc/self/exe";
    case ROOM: return (uint32_t)room;
    case ZEROES: return (uint32_t)zeroes;
    case BAD_IN: case BAD_OUT: return bad;
    default: return argument;
  }
}

static void complain(const struct pointer_case *tested, uint32_t bad, int32_t result) {
  char line[LINE_BYTES];
  char *end = text_append_decimal(text_copy(line, "call "), tested->number);
  for (uint32_t at = 0; at < CASE_ARGUMENTS; at++) {
    if (tested->arguments[at] == BAD_IN || tested->arguments[at] == BAD_OUT) end = text_append_decimal(text_copy(end, " argument "), at);
  }
  end = text_append_hex(text_copy(end, " address "), bad);
  end = text_append_hex(text_copy(end, " gives "), (uint32_t)result);
  end = text_copy(end, "\n");
  write_all(STANDARD_ERROR, line, (uint32_t)(end - line));
}

/* 1 if the call says EFAULT. */
static uint32_t faults(const struct pointer_case *tested, uint32_t bad) {
  uint32_t a[CASE_ARGUMENTS];
  for (uint32_t at = 0; at < CASE_ARGUMENTS; at++) a[at] = value_of(tested->arguments[at], bad);
  const int32_t result = raw_call6(tested->number, a[0], a[1], a[2], a[3], a[4], a[5]);
  if (result == -ERROR_FAULT || result == -ERROR_NO_CALL) return 1;
  complain(tested, bad, result);
  return 0;
}

static int is_output(const struct pointer_case *tested) {
  for (uint32_t at = 0; at < CASE_ARGUMENTS; at++) {
    if (tested->arguments[at] == BAD_OUT) return 1;
  }
  return 0;
}

void workload_prepare(void) {
  file = checked(call_open(PATH_TEXT, O_RDWR | O_CREAT | O_TRUNC, 0700), "open");
  write_all(file, zeroes, sizeof zeroes);
  checked(raw_call(CALL_SEEK, (uint32_t)file, 0, 0), "lseek");
  folder = checked(call_open("/", O_DIRECTORY, 0), "open");
  checked(call_pipe(ends), "pipe");
  write_all(ends[1], zeroes, 64);
  unreadable = pages_map(PAGE_BYTES, PROT_NONE);
  read_only = pages_map(PAGE_BYTES, PROT_READ);
}

uint32_t workload_run(uint32_t scale) {
  const uint32_t everywhere[] = { 16, 0x1000, (uint32_t)unreadable, 0xc0100000u, 0xffffff00u };
  const uint32_t output_only[] = { (uint32_t)read_only, (uint32_t)workload_run };
  uint32_t sum = CHECKSUM_SEED;
  for (uint32_t round = 0; round < scale; round++) {
    for (uint32_t at = 0; at < pointer_case_count; at++) {
      const struct pointer_case *tested = &pointer_cases[at];
      for (uint32_t bad = 0; bad < sizeof everywhere / sizeof everywhere[0]; bad++) sum = fold(sum, faults(tested, everywhere[bad]));
      for (uint32_t bad = 0; bad < sizeof output_only / sizeof output_only[0]; bad++) sum = fold(sum, is_output(tested) ? faults(tested, output_only[bad]) : 0);
    }
  }
  return sum;
}

void program_finish(void) {
  call_unlink(PATH_TEXT);
}
