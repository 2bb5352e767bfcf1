/* What every program does around its work: arguments, markers, lines, exit. */
#include "program.h"

#include "port-numbers.h"

#define MARKER_DEVICE "/dev/marker"
#define LINE_BYTES 160
#define FILE_MODE 0600

uint32_t argument_count;
char **arguments;

__attribute__((weak)) void workload_prepare(void) {}
__attribute__((weak)) void program_finish(void) {}

__attribute__((weak)) int32_t program_role(const char *role, const char *argument) {
  (void)role;
  (void)argument;
  return NO_ROLE;
}

static void say(const char *text) {
  call_write(STANDARD_ERROR, text, text_length(text));
}

void fail(const char *what, int32_t result) {
  char number[LINE_BYTES];
  text_copy(text_append_decimal(text_copy(number, " error "), (uint32_t)-result), "\n");
  say("FAIL ");
  say(what);
  say(number);
  call_exit(FAILED_STATUS);
}

void skip(const char *reason) {
  say("SKIP ");
  say(reason);
  say("\n");
  call_exit(SKIPPED_STATUS);
}

void *pages_map(uint32_t bytes, uint32_t rights) {
  void *pages = call_mmap(bytes, rights, MAP_PRIVATE | MAP_ANONYMOUS, NO_FILE);
  checked((int32_t)pages, "mmap");
  return pages;
}

void write_all(int32_t file, const void *buffer, uint32_t bytes) {
  const char *from = buffer;
  while (bytes > 0) {
    const uint32_t written = (uint32_t)checked(call_write(file, from, bytes), "write");
    from += written;
    bytes -= written;
  }
}

uint32_t read_all(int32_t file, void *buffer, uint32_t bytes) {
  uint32_t total = 0;
  while (total < bytes) {
    const int32_t got = checked(call_read(file, (char *)buffer + total, bytes - total), "read");
    if (got == 0) break;
    total += (uint32_t)got;
  }
  return total;
}

extern void signal_return(void);
extern void signal_information_return(void);

void handle_signal(int32_t signal, signal_handler handler) {
  const struct signal_action action = { handler, SA_RESTORER | SA_RESTART, signal_return, { 0, 0 } };
  checked(call_sigaction(signal, &action), "rt_sigaction");
}

void handle_signal_with_information(int32_t signal, void (*handler)(int, struct signal_information *, void *)) {
  const struct signal_action action = {
    (signal_handler)(void *)handler, SA_RESTORER | SA_RESTART | SA_SIGINFO, signal_information_return, { 0, 0 },
  };
  checked(call_sigaction(signal, &action), "rt_sigaction");
}

uint32_t wait_for(int32_t process) {
  int32_t status = 0;
  checked(call_waitpid(process, &status), "waitpid");
  /* The low byte is the signal that ended the process, the next its exit status (wait(2)). */
  if (status & 0x7f) fail("a child was killed", -(status & 0x7f));
  return (uint32_t)status >> 8 & 0xff;
}

void become(char *role, char *argument) {
  char *list[] = { arguments[0], role, argument, 0 };
  char *environment[] = { 0 };
  call_execve(arguments[0], list, environment);
  /* A name that the shell found elsewhere is no path from here. */
  fail("execve", call_execve("/proc/self/exe", list, environment));
}

int32_t temporary_file(char path[], const char *name) {
  char *end = text_copy(path, "/tmp/ringbench-");
  end = text_append_decimal(end, (uint32_t)call_getpid());
  text_copy(text_copy(end, "-"), name);
  return checked(call_open(path, O_RDWR | O_CREAT | O_TRUNC, FILE_MODE), path);
}

/* Where there is no such device, as on a Linux host, nobody counts regions. */
static void mark(int32_t device, uint8_t marker) {
  if (device >= 0) call_write(device, &marker, 1);
}

static void run(uint32_t scale) {
  char line[LINE_BYTES];
  const int32_t marker = call_open(MARKER_DEVICE, O_WRONLY, 0);
  workload_prepare();
  write_all(STANDARD_OUTPUT, "START\n", 6);
  mark(marker, MARKER_START);
  const uint32_t sum = workload_run(scale);
  mark(marker, MARKER_STOP);
  program_finish();
  char *end = text_copy(text_append_hex(text_copy(line, "END sum="), sum), "\n");
  write_all(STANDARD_OUTPUT, line, (uint32_t)(end - line));
}

__attribute__((noreturn)) void program_main(uint32_t *stack) {
  argument_count = stack[0];
  arguments = (char **)(stack + 1);
  if (argument_count > 2) {
    const int32_t status = program_role(arguments[1], arguments[2]);
    if (status != NO_ROLE) call_exit(status);
  }
  const uint32_t scale = argument_count > 1 ? text_number(arguments[1], 0) : DEFAULT_SCALE;
  if (scale == 0) fail("usage: PROGRAM [SCALE], a number above 0", 0);
  run(scale);
  call_exit(0);
}
