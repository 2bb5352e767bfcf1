/*
 * A fuzzer of system calls. Process 1 supervises and checks at the end that the kernel still works; workers make calls at random, count each
 * in shared memory before they make it, and are made anew when they die or do not get on.
 */
#include "arguments.h"
#include "checksum.h"
#include "program.h"
#include "random.h"

#define WORKERS 4u
#define DESCRIPTORS 256
/* Calls that a process made by fork goes on with. */
#define CHILD_CALLS 50u
/* The supervisor looks every tick; a worker that has made no call for so many looks is stuck. */
#define LOOKS_STALLED 40u
#define CALLS_IN_LOOK_MOST 100000u
/* After so many looks everything but the supervisor goes: orphans that sleep for ever use up processes. */
#define LOOKS_SWEEP 200u
#define NANOSECONDS_LOOK 10000000u

#define CALL_NANOSLEEP 162u
#define CALL_SYSINFO 116u
#define CALL_SETRLIMIT 75u
#define CALL_RMDIR 40u
#define CALL_GETDENTS64 220u
#define LIMITS 16u
#define LIMIT_STACK 3u
#define LIMIT_FILES 7u
#define STACK_BYTES 0x800000u
#define UNLIMITED 0xffffffffu
#define SIGKILL 9
#define WAIT_NO_HANG_UNTRACED 3
#define STATUS_STOPPED 0x7f
/* What the kernel may keep: objects of its heap that share pages with others that live. */
#define PAGES_KEPT_MOST 8u

struct worker {
  int32_t process;
  uint32_t generation, last_calls, looks;
};
static struct worker workers[WORKERS];
static volatile uint32_t *calls_of;
static uint32_t seed, deaths, stalls, sweeps;

static uint32_t calls_total(void) {
  uint32_t total = 0;
  for (uint32_t at = 0; at < WORKERS; at++) total += calls_of[at];
  return total;
}

static __attribute__((noreturn)) void work(uint32_t which, uint32_t generation) {
  uint32_t random = fold(fold(seed, which), generation) | 1, left = UNLIMITED;
  struct random_call call;
  for (int32_t file = 0; file < DESCRIPTORS; file++) call_close(file);
  arguments_prepare(&random);
  for (; left > 0; left--) {
    call_choose(&call, &random);
    /* One instruction: two processes may count in one word. */
    calls_of[which]++;
    if (call_make(&call) != 0 || call.number != LINUX_FORK) continue;
    if (left > CHILD_CALLS) left = CHILD_CALLS;
    random ^= generation << 16;
    random |= 1;
  }
  call_exit(0);
}

/* Workers may change the limits of everybody. */
static void limits_reset(void) {
  for (uint32_t at = 0; at < LIMITS; at++) {
    uint32_t limit[2] = { UNLIMITED, UNLIMITED };
    if (at == LIMIT_STACK) limit[0] = STACK_BYTES;
    if (at == LIMIT_FILES) limit[0] = limit[1] = DESCRIPTORS;
    checked(raw_call(CALL_SETRLIMIT, at, (uint32_t)limit, 0), "setrlimit");
  }
}

static void worker_start(uint32_t which) {
  struct worker *worker = &workers[which];
  limits_reset();
  const int32_t process = call_fork();
  if (process == 0) work(which, worker->generation);
  worker->process = is_error(process) ? 0 : process;
  worker->generation++;
  worker->looks = 0;
}

static void worker_note(int32_t process, int32_t status) {
  if ((status & 0xff) == STATUS_STOPPED) {
    call_kill(process, SIGKILL);
    return;
  }
  deaths++;
  for (uint32_t at = 0; at < WORKERS; at++) {
    if (workers[at].process == process) workers[at].process = 0;
  }
}

static void children_collect(void) {
  int32_t status, process;
  while ((process = raw_call(LINUX_WAITPID, (uint32_t)-1, (uint32_t)&status, WAIT_NO_HANG_UNTRACED)) > 0) worker_note(process, status);
}

static void look_pause(void) {
  const uint32_t time[2] = { 0, NANOSECONDS_LOOK };
  raw_call(CALL_NANOSLEEP, (uint32_t)time, 0, 0);
}

/* Until nobody is left. A process that was about to be made when the signals were sent needs another. */
static void sweep(void) {
  sweeps++;
  while (call_kill(-1, SIGKILL) == 0) {
    look_pause();
    children_collect();
  }
  for (uint32_t at = 0; at < WORKERS; at++) workers[at].process = 0;
}

static void workers_look(void) {
  for (uint32_t at = 0; at < WORKERS; at++) {
    struct worker *worker = &workers[at];
    if (worker->process == 0) worker_start(at);
    if (calls_of[at] - worker->last_calls > CALLS_IN_LOOK_MOST) fail("a count was overwritten", 0);
    worker->looks = calls_of[at] == worker->last_calls ? worker->looks + 1 : 0;
    worker->last_calls = calls_of[at];
    if (worker->looks < LOOKS_STALLED || worker->process == 0) continue;
    stalls++;
    worker->looks = 0;
    call_kill(worker->process, SIGKILL);
  }
}

static uint32_t pages_free(void) {
  uint32_t information[16];
  checked(raw_call(CALL_SYSINFO, (uint32_t)information, 0, 0), "sysinfo");
  return information[5] / PAGE_BYTES;
}

/* struct linux_dirent64: number and offset of 64 bits, length of the record, kind, name. */
#define RECORD_LENGTH 16
#define RECORD_KIND 18
#define RECORD_NAME 19
#define KIND_FOLDER 4
#define RECORDS_BYTES 512
#define LONGEST_PATH 1024u

/* What was there at the start. */
static int is_kept(const char *path) {
  static const char *const kept[] = { "/bin", "/dev", "/proc", "/tmp" };
  for (uint32_t at = 0; at < sizeof kept / sizeof kept[0]; at++) {
    if (text_compare(path, kept[at]) == 0) return 1;
  }
  return 0;
}

/* Removes what is in a folder, of which the root's name is empty here; `path` has room for the names below it. */
static void folder_clear(char *path) {
  uint8_t records[RECORDS_BYTES];
  char *end = path + text_length(path);
  int32_t bytes;
  const int32_t folder = call_open(*path ? path : "/", O_RDONLY, 0);
  while ((bytes = raw_call(CALL_GETDENTS64, (uint32_t)folder, (uint32_t)records, sizeof records)) > 0) {
    for (int32_t at = 0; at < bytes; at += *(uint16_t *)(records + at + RECORD_LENGTH)) {
      const char *name = (const char *)records + at + RECORD_NAME;
      if (text_compare(name, ".") == 0 || text_compare(name, "..") == 0 || end - path + text_length(name) + 2 > LONGEST_PATH) continue;
      text_copy(text_copy(end, "/"), name);
      if (records[at + RECORD_KIND] != KIND_FOLDER) call_unlink(path);
      else if (!is_kept(path)) folder_clear(path);
      if (!is_kept(path)) raw_call(CALL_RMDIR, (uint32_t)path, 0, 0);
      *end = 0;
    }
  }
  call_close(folder);
}

/* Workers make files where they like, of names that lie anywhere in their memory. */
static void files_remove(void) {
  static char path[LONGEST_PATH];
  text_copy(path, "/tmp");
  folder_clear(path);
  *path = 0;
  folder_clear(path);
}

/* Processes, pipes, files and memory work as if nothing had been. */
static void kernel_check(void) {
  int32_t ends[2];
  char path[TEMPORARY_PATH_BYTES], text[4];
  checked(call_pipe(ends), "pipe");
  const int32_t child = checked(call_fork(), "fork");
  if (child == 0) {
    memset(pages_map(16 * PAGE_BYTES, PROT_READ | PROT_WRITE), 1, 16 * PAGE_BYTES);
    write_all(ends[1], "well", 4);
    call_exit(7);
  }
  if (read_all(ends[0], text, 4) != 4 || memcmp(text, "well", 4) != 0 || wait_for(child) != 7) fail("the kernel has lost a message", 0);
  const int32_t file = temporary_file(path, "check");
  write_all(file, text, 4);
  if (call_pread(file, text, 4, 0) != 4 || memcmp(text, "well", 4) != 0) fail("the kernel has lost a file", 0);
  call_close(file);
  call_unlink(path);
  call_close(ends[0]);
  call_close(ends[1]);
}

static void number_say(const char *what, uint32_t number) {
  char line[64];
  char *end = text_copy(text_append_decimal(text_copy(line, what), number), "\n");
  write_all(STANDARD_ERROR, line, (uint32_t)(end - line));
}

void workload_prepare(void) {
  /* Executed by a worker. */
  if (call_getpid() != 1) call_exit(0);
  seed = argument_count > 2 ? text_number(arguments[2], 1) : 1;
  calls_of = call_mmap(PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, NO_FILE);
  checked((int32_t)calls_of, "mmap");
  for (uint32_t at = 0; at < WORKERS; at++) calls_of[at] = 0;
  /* What is mapped next lies below; calls that write beyond its end must not count. */
  pages_map(PAGE_BYTES, PROT_NONE);
  kernel_check();
}

uint32_t workload_run(uint32_t scale) {
  const uint32_t free = pages_free();
  for (uint32_t look = 1; calls_total() < scale; look++) {
    children_collect();
    if (look % LOOKS_SWEEP == 0) sweep();
    workers_look();
    look_pause();
  }
  sweep();
  files_remove();
  kernel_check();
  number_say("calls ", calls_total());
  number_say("processes that ended ", deaths);
  number_say("workers that were stuck ", stalls);
  number_say("sweeps ", sweeps);
  const uint32_t left = pages_free();
  number_say("pages kept ", free > left ? free - left : 0);
  if (left + PAGES_KEPT_MOST < free) fail("the kernel has lost memory", 0);
  return CHECKSUM_SEED;
}
