/* ptrace: every request that a user-mode kernel makes. */
#include "program.h"

enum { TRACEME, PEEKTEXT, PEEKDATA, PEEKUSER, POKETEXT, POKEDATA, POKEUSER, CONT, TRACE_KILL, GETREGS = 12, SETREGS, GETFPREGS, SETFPREGS, SYSCALL = 24, SYSEMU = 31, SETOPTIONS = 0x4200, GETSIGINFO = 0x4202, GETREGSET = 0x4204, SETREGSET };
enum { EBX, ECX, EDX, ESI, EDI, EBP, EAX, DS, ES, FS, GS, ORIG_EAX, EIP, CS, EFLAGS, ESP, SS, REGISTERS };
#define TRACE(request, address, data) CALL4(PTRACE, request, child, address, data)

static int child;
static word registers[REGISTERS];
static volatile word shared_word = 5;

static int stop(void) { return wait_for(child, WAIT_ALL); }
static void look(const char *name) {
  say(name, TRACE(GETREGS, 0, registers));
  say("  orig_eax", (int)registers[ORIG_EAX]);
  say("  eax", (int)registers[EAX]);
}

static int begin(void (*program)(void)) {
  child = fork_child();
  if (child == 0) {
    CALL(PTRACE, TRACEME, 0, 0);
    __asm__ volatile("int3");
    program();
    leave(0);
  }
  return stop();
}

static void three_calls(void) {
  CALL(GETPID, 0, 0, 0);
  const int answer = CALL(CLOSE, 77, 0, 0);
  CALL(EXIT, answer == 4321 ? 1 : 2, 0, 0);
}

static void emulated(void) {
  say("start", begin(three_calls));
  say("options", TRACE(SETOPTIONS, 0, 1 | 1 << 20));
  say("sysemu", TRACE(SYSEMU, 0, 0));
  say("stop", stop());
  look("getpid");
  say("sysemu", TRACE(SYSEMU, 0, 0));
  say("stop", stop());
  look("close");
  registers[EAX] = 4321;
  say("setregs", TRACE(SETREGS, 0, registers));
  say("sysemu", TRACE(SYSEMU, 0, 0));
  say("stop", stop());
  look("exit");
  say("ebx", (int)registers[EBX]);
  /* Not executed: the program goes on behind it, to its last exit. */
  TRACE(SYSEMU, 0, 0);
  say("stop", stop());
  look("exit_group");
  say("cont", TRACE(CONT, 0, 0));
  say("end", stop());
  say("gone", TRACE(CONT, 0, 0));
}

static void stepped(void) {
  say("start", begin(three_calls));
  TRACE(SETOPTIONS, 0, 1);
  say("syscall", TRACE(SYSCALL, 0, 0));
  say("entry", stop());
  look("getpid");
  say("annul", TRACE(POKEUSER, ORIG_EAX * 4, -1));
  TRACE(SYSCALL, 0, 0);
  say("leave", stop());
  look("getpid");
  TRACE(SYSCALL, 0, 0);
  say("entry", stop());
  look("close");
  TRACE(SYSCALL, 0, 0);
  say("leave", stop());
  look("close");
  say("offset", TRACE(POKEUSER, 3, 0));
  word peeked = 0;
  say("peekuser", TRACE(PEEKUSER, ORIG_EAX * 4, &peeked));
  say("  word", (int)peeked);
  TRACE(CONT, 0, 0);
  say("end", stop());
}

static void signals_and_memory(void) {
  shared_word = 6;
  *(volatile word *)0x55 = 1;
}
static void inspected(void) {
  word information[32], peeked = 0;
  byte x87[108];
  say("start", begin(signals_and_memory));
  say("siginfo", TRACE(GETSIGINFO, 0, information));
  say("  signal", (int)information[0]);
  say("  code", (int)information[2]);
  say("getfpregs", TRACE(GETFPREGS, 0, x87));
  say("  control", x87[0] | x87[1] << 8);
  x87[1] = 2;
  say("setfpregs", TRACE(SETFPREGS, 0, x87));
  TRACE(GETFPREGS, 0, x87);
  say("  control", x87[0] | x87[1] << 8);
  word vector[2] = {(word)registers, sizeof registers};
  say("getregset", TRACE(GETREGSET, 1, vector));
  say("  bytes", (int)vector[1]);
  say("  orig_eax", (int)registers[ORIG_EAX]);
  registers[ESI] = 99;
  say("setregset", TRACE(SETREGSET, 1, vector));
  TRACE(PEEKUSER, ESI * 4, &peeked);
  say("  esi", (int)peeked);
  say("no such set", TRACE(GETREGSET, 0x999, vector));
  say("peek", TRACE(PEEKDATA, &shared_word, &peeked));
  say("  word", (int)peeked);
  say("poke", TRACE(POKEDATA, &shared_word, 70));
  TRACE(PEEKDATA, &shared_word, &peeked);
  say("  word", (int)peeked);
  say("  mine", (int)shared_word);
  say("poke code", TRACE(PEEKTEXT, three_calls, &peeked) == 0 && TRACE(POKETEXT, three_calls, peeked) == 0);
  say("peek nowhere", TRACE(PEEKDATA, 0x100, &peeked));
  say("cont", TRACE(CONT, 0, 0));
  say("fault", stop());
  TRACE(GETSIGINFO, 0, information);
  say("  signal", (int)information[0]);
  say("  code", (int)information[2]);
  say("  address", (int)information[3]);
  TRACE(GETREGS, 0, registers);
  say("  orig_eax", (int)registers[ORIG_EAX]);
  TRACE(PEEKDATA, &shared_word, &peeked);
  say("  word", (int)peeked);
  say("bad data", TRACE(GETREGS, 0, 1));
  say("bad request", TRACE(0x7777, 0, 0));
  say("give it", TRACE(CONT, 0, SIGNAL_SEGV));
  say("end", stop() & 0x7f);
}

static volatile int caught;
static void on_signal(int signal) { caught = signal; }
static void waits_for_signals(void) {
  handle(SIGNAL_USR1, (void *)on_signal, 0, 0);
  caught = 0;
  CALL(KILL, own_id(), SIGNAL_USR1, 0);
  const int first = caught;
  CALL(KILL, own_id(), SIGNAL_USR1, 0);
  leave(first * 10 + caught);
}
static void filtered(void) {
  say("start", begin(waits_for_signals));
  TRACE(CONT, 0, 0);
  say("signal", stop());
  say("drop", TRACE(CONT, 0, 0));
  say("signal", stop());
  say("another", TRACE(CONT, 0, SIGNAL_USR1));
  say("end", stop());
  say("start", begin(waits_for_signals));
  say("kill", TRACE(TRACE_KILL, 0, 0));
  say("end", stop());
  say("stranger", CALL4(PTRACE, GETREGS, 1, 0, registers) < 0);
}

static void waits(void) {
  for (;;) CALL(PAUSE, 0, 0, 0);
}
/* The end of the last writer is the end of the pipe. */
static void killed_with_its_tracer(void) {
  int ends[2];
  CALL(PIPE, ends, 0, 0);
  const int tracer = fork_child();
  if (tracer == 0) {
    begin(waits);
    TRACE(SETOPTIONS, 0, 1 << 20);
    TRACE(CONT, 0, 0);
    leave(4);
  }
  CALL(CLOSE, ends[1], 0, 0);
  say("tracer", wait_for(tracer, 0));
  char byte_read;
  say("end of the pipe", CALL(READ, ends[0], &byte_read, 1));
}

int run(void) {
  emulated();
  stepped();
  inspected();
  filtered();
  killed_with_its_tracer();
  return 0;
}
