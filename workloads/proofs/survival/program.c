/* Programs that take all they can get. Each test says what the last request gave, and that afterwards everything works again. */
#include "checksum.h"
#include "program.h"

#define CALL_PAUSE 29u
#define CALL_MKDIR 39u
#define CALL_RMDIR 40u
#define CALL_BRK 45u
#define CALL_FTRUNCATE 93u
#define SIGKILL 9
#define LINE_BYTES 128
#define CHILDREN_MOST 2000u
#define FILES_MOST 2000u
#define REGIONS_MOST 200000u
#define BOMB_DEPTH 12u
#define MEGABYTE 0x100000u
#define DEPTH_MOST 1000000u
#define NAMES_IN_FOLDER 256u
#define GREEDY 6u
#define BUFFER_BYTES 0x4000u

static uint8_t buffer[BUFFER_BYTES];

static void line_say(const char *what, uint32_t number) {
  char line[LINE_BYTES];
  char *end = text_copy(text_append_decimal(text_copy(line, what), number), "\n");
  write_all(STANDARD_OUTPUT, line, (uint32_t)(end - line));
}

/* A child does real work, and its memory and status arrive. */
static void works_again(const char *after) {
  char line[LINE_BYTES];
  const int32_t child = checked(call_fork(), "fork afterwards");
  if (child == 0) {
    uint8_t *pages = pages_map(MEGABYTE, PROT_READ | PROT_WRITE);
    for (uint32_t at = 0; at < MEGABYTE; at += PAGE_BYTES) pages[at] = 1;
    call_exit(42);
  }
  if (wait_for(child) != 42) fail("a child was lost", 0);
  char *end = text_copy(text_copy(line, after), ": all works again\n");
  write_all(STANDARD_OUTPUT, line, (uint32_t)(end - line));
}

/* ---- Processes ---- */

static void children_end(const int32_t *children, uint32_t count) {
  int32_t status;
  for (uint32_t at = 0; at < count; at++) {
    checked(call_kill(children[at], SIGKILL), "kill");
    checked(call_waitpid(children[at], &status), "waitpid");
    if (status != SIGKILL) fail("a child did not die of SIGKILL", -status);
  }
}

static void fork_to_limit(void) {
  static int32_t children[CHILDREN_MOST];
  uint32_t count = 0;
  int32_t child = 0;
  while (count < CHILDREN_MOST && (child = call_fork()) > 0) children[count++] = child;
  if (child == 0) {
    raw_call(CALL_PAUSE, 0, 0, 0);
    call_exit(1);
  }
  line_say("fork at the limit: error ", (uint32_t)-child);
  children_end(children, count);
  works_again("fork to the limit");
}

/* Every process forks twice and so do its children, whatever they are told; then all wait for theirs. */
static __attribute__((noreturn)) void bomb(uint32_t depth) {
  int32_t status;
  for (uint32_t at = 0; at < 2; at++) {
    if (depth > 0 && call_fork() == 0) bomb(depth - 1);
  }
  while (call_waitpid(-1, &status) > 0) {
  }
  call_exit(0);
}

static void fork_bomb(void) {
  const int32_t child = checked(call_fork(), "fork");
  if (child == 0) bomb(BOMB_DEPTH);
  wait_for(child);
  works_again("fork bomb");
}

/* ---- Memory ---- */

static void child_wait_killed(const char *what, int32_t child) {
  int32_t status;
  checked(call_waitpid(child, &status), "waitpid");
  if (status & 0x7f) line_say(what, (uint32_t)status & 0x7f);
  else fail("memory did not end", -status);
}

static __attribute__((noreturn)) void take_all(void) {
  for (;;) {
    uint8_t *pages = call_mmap(MEGABYTE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, NO_FILE);
    if (is_error((int32_t)pages)) call_exit(-(int32_t)pages);
    for (uint32_t at = 0; at < MEGABYTE; at += PAGE_BYTES) pages[at] = 1;
  }
}

static void memory_touch(void) {
  const int32_t child = checked(call_fork(), "fork");
  if (child == 0) take_all();
  child_wait_killed("one process takes all memory: killed by signal ", child);
  works_again("all memory");
}

/* Several at once; the ones that are left go on until all have been killed. */
static void memory_fight(void) {
  int32_t children[GREEDY], status;
  for (uint32_t at = 0; at < GREEDY; at++) {
    children[at] = checked(call_fork(), "fork");
    if (children[at] == 0) take_all();
  }
  for (uint32_t at = 0; at < GREEDY; at++) {
    checked(call_waitpid(children[at], &status), "waitpid");
    if ((status & 0x7f) != SIGKILL) fail("a greedy process was not killed", -status);
  }
  works_again("several processes that take all memory");
}

/* By the kernel itself, on behalf of a call: reading into fresh pages. */
static void memory_read(void) {
  const int32_t zero = checked(call_open("/dev/zero", O_RDONLY, 0), "open"), child = checked(call_fork(), "fork");
  if (child == 0) {
    for (;;) {
      void *pages = call_mmap(MEGABYTE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, NO_FILE);
      if (is_error((int32_t)pages)) call_exit(1);
      call_read(zero, pages, MEGABYTE);
    }
  }
  child_wait_killed("a call takes all memory: killed by signal ", child);
  call_close(zero);
  works_again("memory taken by calls");
}

static void memory_refused(void) {
  line_say("mmap of 2 GB to write: error ", (uint32_t)-(int32_t)call_mmap(0x80000000u, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, NO_FILE));
  const uint32_t end = (uint32_t)raw_call(CALL_BRK, 0, 0, 0);
  line_say("brk into the kernel refused: ", (uint32_t)raw_call(CALL_BRK, 0xbf000000u, 0, 0) == end);
  works_again("memory refused");
}

/* Alternating rights: no two regions are one. */
static void regions_to_limit(void) {
  const int32_t child = checked(call_fork(), "fork");
  if (child == 0) {
    int32_t result = 0;
    for (uint32_t at = 0; at < REGIONS_MOST && !is_error(result); at++) {
      result = (int32_t)call_mmap(PAGE_BYTES, at % 2 ? PROT_READ : PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, NO_FILE);
    }
    call_exit(is_error(result) ? -result : 0);
  }
  line_say("mmap at the limit of regions: error ", wait_for(child));
  works_again("regions to the limit");
}

/* A stack that grows and grows. The depth is none that a stack holds. */
static uint32_t recurse(uint32_t depth, volatile uint8_t *above) {
  volatile uint8_t frame[PAGE_BYTES];
  frame[0] = above[0];
  return depth == 0 ? 0 : recurse(depth - 1, frame) + frame[0];
}

static void stack_overflow(void) {
  const int32_t child = checked(call_fork(), "fork");
  if (child == 0) {
    volatile uint8_t first = 1;
    call_exit((int32_t)recurse(DEPTH_MOST, &first));
  }
  child_wait_killed("a stack without end: killed by signal ", child);
  works_again("a stack without end");
}

/* ---- Files ---- */

static void files_to_limit(void) {
  static int32_t files[FILES_MOST];
  uint32_t count = 0;
  int32_t file = 0;
  while (count < FILES_MOST && (file = call_open("/dev/null", O_RDONLY, 0)) >= 0) files[count++] = file;
  line_say("open at the limit: error ", (uint32_t)-file);
  while (count > 0) call_close(files[--count]);
  works_again("open files to the limit");
}

static void file_system_fill(void) {
  char path[TEMPORARY_PATH_BYTES];
  const int32_t file = temporary_file(path, "full");
  int32_t written;
  uint32_t total = 0;
  while ((written = call_write(file, buffer, BUFFER_BYTES)) > 0) total += (uint32_t)written;
  line_say("write to a full file system: error ", (uint32_t)-written);
  line_say("more than a megabyte fitted: ", total > MEGABYTE);
  const int32_t child = checked(call_fork(), "fork on a full file system");
  if (child == 0) call_exit(3);
  line_say("a program runs on a full file system: ", wait_for(child));
  call_close(file);
  call_unlink(path);
  const int32_t next = temporary_file(path, "next");
  write_all(next, buffer, BUFFER_BYTES);
  call_close(next);
  call_unlink(path);
  works_again("a full file system");
}

static void name_make(char path[], uint32_t number) {
  char *end = text_append_decimal(text_copy(path, "/tmp/names-"), number / NAMES_IN_FOLDER);
  if (number % NAMES_IN_FOLDER != 0) text_append_decimal(text_copy(end, "/"), number);
}

/* Many empty files use up what the kernel itself needs. The first of each lot of names is their folder's. */
static __attribute__((noreturn)) void names_take(void) {
  char path[TEMPORARY_PATH_BYTES];
  uint32_t count = 0;
  int32_t result;
  for (;; count++) {
    name_make(path, count);
    result = count % NAMES_IN_FOLDER ? call_open(path, O_WRONLY | O_CREAT, 0600) : raw_call(CALL_MKDIR, (uint32_t)path, 0700, 0);
    if (is_error(result)) break;
    if (count % NAMES_IN_FOLDER) call_close(result);
  }
  while (count-- > 0) {
    name_make(path, count);
    checked(count % NAMES_IN_FOLDER ? call_unlink(path) : raw_call(CALL_RMDIR, (uint32_t)path, 0, 0), "unlink");
  }
  call_exit(-result);
}

static void names_fill(void) {
  const int32_t child = checked(call_fork(), "fork");
  if (child == 0) names_take();
  line_say("the last name that fits: error ", wait_for(child));
  works_again("names without end");
}

static void far_offset(void) {
  char path[TEMPORARY_PATH_BYTES];
  const int32_t file = temporary_file(path, "far");
  checked(raw_call(CALL_FTRUNCATE, (uint32_t)file, 0x7fffffffu, 0), "ftruncate");
  line_say("read in a hole of 2 GB: ", (uint32_t)call_pread(file, buffer, BUFFER_BYTES, 0x7fff0000u));
  call_close(file);
  call_unlink(path);
  works_again("a file of 2 GB");
}

uint32_t workload_run(uint32_t scale) {
  for (uint32_t round = 0; round < scale; round++) {
    fork_to_limit();
    fork_bomb();
    memory_touch();
    memory_fight();
    memory_read();
    memory_refused();
    regions_to_limit();
    stack_overflow();
    files_to_limit();
    file_system_fill();
    names_fill();
    far_offset();
  }
  return CHECKSUM_SEED;
}
