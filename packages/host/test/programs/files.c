/* Descriptors and files in memory; signals of input; time. */
#include "program.h"

static volatile int signals;
static void on_input(int signal) { signals += signal; }

static void descriptors(void) {
  char text[8] = {0};
  word position[2] = {0, 0};
  const int file = CALL(MEMFD_CREATE, "f", 0, 0);
  say("write", CALL(WRITE, file, "abcdef", 6));
  say("seek", CALL(LSEEK, file, 1, 0));
  say("read", CALL(READ, file, text, 2));
  say("byte", text[0]);
  const int other = CALL(DUP, file, 0, 0);
  say("one position", CALL(READ, other, text, 1));
  say("byte", text[0]);
  say("llseek", CALL6(LLSEEK, file, 0, (word)-2, position, 2, 0));
  say("at", (int)position[0]);
  say("before the start", CALL(LSEEK, file, -9, 1));
  say("bad whence", CALL(LSEEK, file, 0, 9));
  say("pwrite", CALL6(PWRITE64, file, "Z", 1, 10, 0, 0));
  say("pread", CALL6(PREAD64, file, text, 8, 5, 0, 0));
  for (word index = 0; index < 6; index++) say("  byte", text[index]);
  say("shrink", CALL(FTRUNCATE, file, 3, 0));
  say("end", CALL6(PREAD64, file, text, 8, 3, 0, 0));
  struct { const char *at; word count; } parts[2] = {{"12", 2}, {"345", 3}};
  CALL(LSEEK, file, 0, 0);
  say("writev", CALL(WRITEV, file, parts, 2));
  say("size", CALL(LSEEK, file, 0, 2));
  say("dup2", CALL(DUP2, file, 40, 0) == 40);
  say("close", CALL(CLOSE, 40, 0, 0));
  say("close again", CALL(CLOSE, 40, 0, 0));
  say("none", CALL(READ, 77, text, 1));
  say("no such file", CALL(OPEN, "/no/such/file", 0, 0));
  say("null", CALL(READ, CALL(OPEN, "/dev/null", 0, 0), text, 4));
}

static void input(void) {
  int ends[2];
  char byte_read;
  CALL(PIPE, ends, 0, 0);
  say("seek", CALL(LSEEK, ends[0], 0, 0));
  handle(SIGNAL_IO, (void *)on_input, SA_RESTART, 0);
  say("owner", CALL(FCNTL64, ends[0], 8, own_id()));
  say("flags", CALL(FCNTL64, ends[0], 4, 0x2800));
  say("are", CALL(FCNTL64, ends[0], 3, 0));
  say("would wait", CALL(READ, ends[0], &byte_read, 1));
  struct { int descriptor; short wanted, found; } poll = {ends[0], 1, 0};
  say("poll", CALL(POLL, &poll, 1, 0));
  const int child = fork_child();
  if (child == 0) {
    CALL(WRITE, ends[1], "y", 1);
    leave(0);
  }
  wait_for(child, 0);
  say("signal", signals);
  say("poll", CALL(POLL, &poll, 1, 0));
  say("found", poll.found);
  say("read", CALL(READ, ends[0], &byte_read, 1));
  say("wait by poll", CALL(POLL, &poll, 1, 20));
}

static void times(void) {
  word before[2], after[2], value[4] = {0, 0, 0, 20000}, old[4] = {1, 1, 1, 1};
  handle(SIGNAL_ALRM, (void *)on_input, 0, 0);
  signals = 0;
  CALL(CLOCK_GETTIME, 1, before, 0);
  say("timer", CALL(SETITIMER, 0, value, old));
  say("was", (int)(old[2] | old[3]));
  say("pause", CALL(PAUSE, 0, 0, 0));
  CALL(CLOCK_GETTIME, 1, after, 0);
  say("signal", signals);
  const int microseconds = (int)(after[0] - before[0]) * 1000000 + ((int)after[1] - (int)before[1]) / 1000;
  say("not early", microseconds >= 20000);
  say("sleep", CALL(NANOSLEEP, ((const word[2]){0, 5000000}), 0, 0));
  say("bad sleep", CALL(NANOSLEEP, ((const word[2]){0, 2000000000u}), 0, 0));
  say("bad clock", CALL(CLOCK_GETTIME, 77, before, 0));
  /* A timer takes the processor from a program that never gives it. */
  signals = 0;
  value[1] = 5000;
  CALL(SETITIMER, 0, value, 0);
  while (signals < 3 * SIGNAL_ALRM) continue;
  say("ticks", signals >= 3 * SIGNAL_ALRM);
  value[1] = value[3] = 0;
  say("stop", CALL(SETITIMER, 0, value, 0));
  say("unknown call", CALL(5000, 0, 0, 0));
}

int run(void) {
  descriptors();
  input();
  times();
  return 0;
}
