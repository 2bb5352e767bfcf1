/* Processes and one disk: who waits for it leaves the processor to others, nobody gets another's page, and no signal disturbs a transfer. */
#include "checksum.h"
#include "program.h"

#define DEVICE "/dev/hda"
#define CALL_SCHED_YIELD 158u
#define CALL_PWRITE64 181u
#define SIGKILL 9
#define LINE_BYTES 128
#define TICK_MICROSECONDS 10000
#define WRITERS 4u
/* More than the kernel keeps in memory. */
#define PAGES_PER_WRITER 40u
#define READERS 8u
#define VICTIMS 8u
#define FRESH_READS 16u
/* Regions of the disk that no part of the program reads before another. */
#define FRESH_PAGE 0u
#define WRITTEN_PAGE 64u
#define COMMON_PAGE 300u
#define WORDS_PER_PAGE (PAGE_BYTES / sizeof(uint32_t))

static uint32_t page[WORDS_PER_PAGE];
static int32_t device;

static void line_say(const char *what, uint32_t number) {
  char line[LINE_BYTES];
  char *end = text_copy(text_append_decimal(text_copy(line, what), number), "\n");
  write_all(STANDARD_OUTPUT, line, (uint32_t)(end - line));
}

static void page_read(uint32_t number) {
  if (checked(call_pread(device, page, PAGE_BYTES, number * PAGE_BYTES), "pread64") != PAGE_BYTES) fail("a read was short", 0);
}

static void page_write(uint32_t number, uint32_t value) {
  for (uint32_t at = 0; at < WORDS_PER_PAGE; at++) page[at] = value + at;
  const int32_t written = raw_call6(CALL_PWRITE64, (uint32_t)device, (uint32_t)page, PAGE_BYTES, number * PAGE_BYTES, 0, 0);
  if (checked(written, "pwrite64") != PAGE_BYTES) fail("a write was short", 0);
}

static int page_holds(uint32_t number, uint32_t value) {
  page_read(number);
  for (uint32_t at = 0; at < WORDS_PER_PAGE; at++) {
    if (page[at] != value + at) return 0;
  }
  return 1;
}

static void child_end(int32_t child) {
  int32_t status;
  checked(call_kill(child, SIGKILL), "kill");
  checked(call_waitpid(child, &status), "waitpid");
  if (status != SIGKILL) fail("a child did not die of SIGKILL", -status);
}

/* A process that computes gets on while another waits for a page that is not in memory. */
static void overlap(void) {
  uint32_t reads = 0;
  volatile uint32_t *progress = call_mmap(PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, NO_FILE);
  checked((int32_t)progress, "mmap");
  const int32_t child = checked(call_fork(), "fork");
  /* It yields, or the reader would have to wait for the end of its time slice, too. */
  while (child == 0) {
    ++*progress;
    raw_call(CALL_SCHED_YIELD, 0, 0, 0);
  }
  for (uint32_t at = 0; at < FRESH_READS; at++) {
    const uint32_t before = *progress;
    page_read(FRESH_PAGE + at);
    if (*progress != before) reads++;
  }
  child_end(child);
  checked(call_munmap((void *)progress, PAGE_BYTES), "munmap");
  line_say("reads during which another process ran: ", reads);
}

static uint32_t value_of(uint32_t writer, uint32_t at) {
  return (writer + 1) << 24 | at << 12;
}

static void alarm_taken(int signal) {
  (void)signal;
}

/* Pages of the writers alternate; each reads an earlier page of its own behind every write, with alarms on the way. */
static __attribute__((noreturn)) void writer_run(uint32_t writer) {
  const struct interval_timer timer = { 0, TICK_MICROSECONDS, 0, TICK_MICROSECONDS };
  handle_signal(SIGALRM, alarm_taken);
  checked(call_setitimer(ITIMER_REAL, &timer), "setitimer");
  for (uint32_t at = 0; at < PAGES_PER_WRITER; at++) {
    page_write(WRITTEN_PAGE + at * WRITERS + writer, value_of(writer, at));
    const uint32_t earlier = at / 2;
    if (!page_holds(WRITTEN_PAGE + earlier * WRITERS + writer, value_of(writer, earlier))) fail("a writer lost a page", 0);
  }
  call_exit(0);
}

static void writers(void) {
  int32_t children[WRITERS];
  uint32_t intact = 0;
  for (uint32_t writer = 0; writer < WRITERS; writer++) {
    children[writer] = checked(call_fork(), "fork");
    if (children[writer] == 0) writer_run(writer);
  }
  for (uint32_t writer = 0; writer < WRITERS; writer++) {
    if (wait_for(children[writer])) fail("a writer failed", 0);
  }
  for (uint32_t at = 0; at < PAGES_PER_WRITER * WRITERS; at++) intact += (uint32_t)page_holds(WRITTEN_PAGE + at, value_of(at % WRITERS, at / WRITERS));
  line_say("pages of writers intact: ", intact);
}

static void readers(void) {
  int32_t children[READERS];
  uint32_t right = 0;
  for (uint32_t at = 0; at < READERS; at++) {
    children[at] = checked(call_fork(), "fork");
    if (children[at] == 0) call_exit(page_holds(WRITTEN_PAGE, value_of(0, 0)));
  }
  for (uint32_t at = 0; at < READERS; at++) right += wait_for(children[at]);
  line_say("readers of one page that got it: ", right);
}

/* Killed on its way to the disk, in front of it or while it waits, a process leaves the disk usable. */
static void victims(void) {
  for (uint32_t victim = 0; victim < VICTIMS; victim++) {
    const int32_t child = checked(call_fork(), "fork");
    for (uint32_t at = victim; child == 0; at++) page_read(COMMON_PAGE + at % READERS);
    page_read(COMMON_PAGE + READERS + victim);
    child_end(child);
  }
  line_say("the disk works after deaths: ", (uint32_t)page_holds(WRITTEN_PAGE + 1, value_of(1, 0)));
}

void workload_prepare(void) {
  device = call_open(DEVICE, O_RDWR, 0);
  if (is_error(device)) skip("there is no writable block device");
}

uint32_t workload_run(uint32_t scale) {
  for (uint32_t round = 0; round < scale; round++) {
    overlap();
    writers();
    readers();
    victims();
  }
  return CHECKSUM_SEED;
}
