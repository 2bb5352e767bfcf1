/*
 * A shell's part in job control, with a terminal: groups, the foreground, stopping, going on, and what the parent hears of it (POSIX.1-2017, 11.1.4 and
 * 2.4.3). It is driven by the keys of session.json.
 */
#include "checksum.h"
#include "program.h"

#define CALL_SETSID 66u
#define CALL_IOCTL 54u
#define CALL_SETPGID 57u
#define CALL_NANOSLEEP 162u
#define GET_FOREGROUND 0x540fu
#define SET_FOREGROUND 0x5410u
#define WAIT_UNTRACED 2u
#define WAIT_CONTINUED 8u
#define STATUS_CONTINUED 0xffff
#define STATUS_STOPPED 0x7f
#define SIGHUP 1
#define SIGKILL 9
#define SIGCONT 18
#define SIGSTOP 19
#define SIGTTOU 22
#define IGNORE ((signal_handler)1)
#define LINE_BYTES 128
#define POLL_NANOSECONDS 20000000

static int32_t self;

static void say(const char *what) {
  write_all(STANDARD_OUTPUT, what, text_length(what));
}

static void line_say(const char *what, uint32_t number) {
  char line[LINE_BYTES];
  text_copy(text_append_decimal(text_copy(line, what), number), "\n");
  say(line);
}

static int32_t group_set(int32_t process, int32_t group) {
  return raw_call(CALL_SETPGID, (uint32_t)process, (uint32_t)group, 0);
}

static int32_t foreground_set(int32_t group) {
  return raw_call(CALL_IOCTL, STANDARD_INPUT, SET_FOREGROUND, (uint32_t)&group);
}

static int32_t foreground_get(void) {
  int32_t group = 0;
  checked(raw_call(CALL_IOCTL, STANDARD_INPUT, GET_FOREGROUND, (uint32_t)&group), "TIOCGPGRP");
  return group;
}

static void pause_briefly(void) {
  const int32_t time[2] = { 0, POLL_NANOSECONDS };
  raw_call(CALL_NANOSLEEP, (uint32_t)time, 0, 0);
}

/* What waitpid says next of a child. */
static void news_say(int32_t child, uint32_t options) {
  int32_t status = 0;
  checked(raw_call(LINUX_WAITPID, (uint32_t)child, (uint32_t)&status, options), "waitpid");
  if (status == STATUS_CONTINUED) say("continued\n");
  else if ((status & 0xff) == STATUS_STOPPED) line_say("stopped by ", (uint32_t)status >> 8);
  else if (status & 0x7f) line_say("killed by ", (uint32_t)status & 0x7f);
  else line_say("exited with ", (uint32_t)status >> 8);
}

/* A child in a group of its own, in the foreground or not. Both sides set the group, as shells do, so that neither is too late. */
static int32_t job_start(int in_foreground) {
  const int32_t child = checked(call_fork(), "fork");
  group_set(child, child);
  if (in_foreground) checked(foreground_set(child ? child : call_getpid()), "TIOCSPGRP");
  return child;
}

static __attribute__((noreturn)) void reader_run(void) {
  char line[LINE_BYTES];
  for (;;) {
    const int32_t count = call_read(STANDARD_INPUT, line, sizeof line);
    if (count <= 0) call_exit(count ? -count : 0);
    say("read: ");
    write_all(STANDARD_OUTPUT, line, (uint32_t)count);
  }
}

static void keys_stop_and_end(void) {
  say("1 keys\n");
  const int32_t child = job_start(1);
  if (child == 0) reader_run();
  news_say(child, WAIT_UNTRACED);
  line_say("the foreground is the job's: ", foreground_get() == child);
  checked(foreground_set(self), "TIOCSPGRP");
  checked(call_kill(-child, SIGCONT), "kill");
  news_say(child, WAIT_UNTRACED | WAIT_CONTINUED);
  news_say(child, WAIT_UNTRACED | WAIT_CONTINUED);
  checked(foreground_set(child), "TIOCSPGRP");
  checked(call_kill(-child, SIGCONT), "kill");
  news_say(child, WAIT_CONTINUED);
  news_say(child, WAIT_UNTRACED);
  checked(foreground_set(self), "TIOCSPGRP");
}

/* From the background, to change the foreground stops; whoever ignores that may do it, but only to a group of the session. */
static void foreground_rules(void) {
  say("2 foreground\n");
  const int32_t child = job_start(0);
  if (child == 0) {
    handle_signal(SIGTTOU, (signal_handler)0);
    call_exit(foreground_set(call_getpid()) != 0);
  }
  news_say(child, WAIT_UNTRACED);
  line_say("the foreground is ours: ", foreground_get() == self);
  checked(call_kill(child, SIGKILL), "kill");
  news_say(child, 0);
  const int32_t other = checked(call_fork(), "fork");
  if (other == 0) {
    checked(raw_call(CALL_SETSID, 0, 0, 0), "setsid");
    line_say("another session's terminal: error ", (uint32_t)-foreground_set(call_getpid()));
    call_exit(0);
  }
  news_say(other, 0);
  line_say("a group that is not: error ", (uint32_t)-foreground_set(32767));
  line_say("a group of nobody's: error ", (uint32_t)-group_set(self, 32767));
}

static volatile uint32_t hang_ups, continues;
static void count_signal(int signal) {
  if (signal == SIGHUP) hang_ups++;
  else continues++;
}

static __attribute__((noreturn)) void orphan_run(int32_t result) {
  char byte;
  handle_signal(SIGHUP, count_signal);
  handle_signal(SIGCONT, count_signal);
  call_kill(call_getpid(), SIGSTOP);
  while (continues == 0) pause_briefly();
  const uint32_t told[3] = { hang_ups, continues, (uint32_t)-call_read(STANDARD_INPUT, &byte, 1) };
  write_all(result, told, sizeof told);
  call_exit(0);
}

/* A stopped group that loses the last process that could continue it is told; afterwards the terminal cannot stop it. */
static void orphans(void) {
  int32_t ends[2], status;
  uint32_t told[3] = { 0, 0, 0 };
  say("3 orphans\n");
  checked(call_pipe(ends), "pipe");
  const int32_t middle = job_start(0);
  if (middle == 0) {
    const int32_t orphan = checked(call_fork(), "fork");
    group_set(orphan, orphan);
    if (orphan == 0) orphan_run(ends[1]);
    raw_call(LINUX_WAITPID, (uint32_t)orphan, (uint32_t)&status, WAIT_UNTRACED);
    call_exit(0);
  }
  news_say(middle, 0);
  read_all(ends[0], told, sizeof told);
  line_say("SIGHUP: ", told[0]);
  line_say("SIGCONT: ", told[1]);
  line_say("read: error ", told[2]);
}

/* Once a child runs another program, its parent may not move it any more. */
static void late_group(void) {
  int32_t ends[2];
  char number[LINE_BYTES], byte;
  say("4 late\n");
  checked(call_pipe(ends), "pipe");
  text_append_decimal(number, (uint32_t)ends[1]);
  const int32_t child = checked(call_fork(), "fork");
  if (child == 0) become("role", number);
  read_all(ends[0], &byte, 1);
  line_say("error ", (uint32_t)-group_set(child, child));
  checked(call_kill(child, SIGKILL), "kill");
  news_say(child, 0);
}

int32_t program_role(const char *role, const char *argument) {
  if (text_compare(role, "role") != 0) return NO_ROLE;
  write_all((int32_t)text_number(argument, 0), "x", 1);
  for (;;) pause_briefly();
}

void workload_prepare(void) {
  self = call_getpid();
  if (is_error(group_set(0, 0)) && foreground_get() != self) skip("it must lead the foreground of a terminal");
  handle_signal(SIGTTOU, IGNORE);
}

uint32_t workload_run(uint32_t scale) {
  for (uint32_t round = 0; round < scale; round++) {
    keys_stop_and_end();
    foreground_rules();
    orphans();
    late_group();
  }
  return CHECKSUM_SEED;
}
