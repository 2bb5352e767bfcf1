/* Handlers, their frames, masks, stacks, and calls that they interrupt. */
#include "program.h"

static volatile int seen, depth, deepest, sent;
static volatile word frame[24];
static volatile word stack_at;

static void count(int signal) { seen = seen * 100 + signal; }

/* struct sigframe: signal, then sigcontext by value. */
static void look(int signal, word context) {
  const volatile word *const words = &context;
  for (word index = 0; index < 22; index++) frame[index] = words[index];
  stack_at = (word)__builtin_frame_address(0);
  seen = signal;
}
static void nest(int signal) {
  depth++;
  if (depth > deepest) deepest = depth;
  if (depth < 3 && sent++ < 4) CALL(KILL, own_id(), signal, 0);
  depth--;
}
static void skip(int signal, word context) {
  volatile word *const words = &context;
  seen = signal;
  for (word index = 0; index < 22; index++) frame[index] = words[index];
  words[14] += 2;
}
static void information(int signal, word *info, word *context) {
  seen = signal;
  frame[0] = info[0];
  frame[1] = info[2];
  frame[2] = info[3] == (word)own_id();
  /* uc_flags, uc_link, and the mask behind sigcontext. */
  frame[3] = context[1];
  frame[4] = context[27];
}

static void frames(void) {
  handle(SIGNAL_USR1, (void *)look, 0, 0);
  word before, after;
  int answer;
  __asm__ volatile("movl %%esp, %0" : "=r"(before));
  __asm__ volatile("movl $0x1111, %%esi\n movl $0x2222, %%edi\n movl $37, %%eax\n int $0x80" : "=a"(answer) : "b"(own_id()), "c"(SIGNAL_USR1) : "esi", "edi", "memory");
  __asm__ volatile("movl %%esp, %0" : "=r"(after));
  say("kill", answer);
  say("signal", seen);
  say("esi", (int)frame[5]);
  say("edi", (int)frame[4]);
  say("eax", (int)frame[11]);
  say("ecx", (int)frame[10]);
  say("stack same", before == after);
  say("esp twice", frame[7] == frame[17]);
  say("cs is ss's ring", (frame[15] & 3) == 3 && (frame[18] & 3) == 3);
  say("aligned", (int)(stack_at % 16));
  say("x87 state", frame[19] != 0);
  say("mask", (int)frame[20]);
}

static void faults(void) {
  handle(SIGNAL_SEGV, (void *)skip, 0, 0);
  handle(SIGNAL_FPE, (void *)skip, 0, 0);
  handle(SIGNAL_ILL, (void *)skip, 0, 0);
  __asm__ volatile("movl %%eax, (%%ecx)" : : "c"(0x123u), "a"(0) : "memory");
  say("write", seen);
  say("trap", (int)frame[12]);
  say("error", (int)frame[13]);
  say("cr2", (int)frame[21]);
  __asm__ volatile("movl (%%ecx), %%eax" : : "c"(0x456u) : "eax", "memory");
  say("read error", (int)frame[13]);
  say("cr2", (int)frame[21]);
  __asm__ volatile("divl %%ecx" : : "c"(0), "a"(1), "d"(0) : "cc");
  say("divide", seen);
  say("trap", (int)frame[12]);
  __asm__ volatile("ud2");
  say("undefined", seen);
  say("trap", (int)frame[12]);
  __asm__ volatile("inb $0x80, %%al" : : : "eax");
  say("port", seen);
  say("trap", (int)frame[12]);
  handle(SIGNAL_TRAP, (void *)look, 0, 0);
  __asm__ volatile("int3");
  say("breakpoint", seen);
  say("trap", (int)frame[12]);
}

static void masks(void) {
  const word blocked[2] = {1u << (SIGNAL_USR1 - 1) | 1u << (SIGNAL_USR2 - 1), 0}, none[2] = {0, 0};
  word pending[2] = {0, 0}, old[2] = {0, 0};
  handle(SIGNAL_USR1, (void *)count, 0, 0);
  handle(SIGNAL_USR2, (void *)count, 0, 0);
  seen = 0;
  say("block", CALL4(RT_SIGPROCMASK, 0, blocked, old, 8));
  say("old", (int)old[0]);
  CALL(KILL, own_id(), SIGNAL_USR2, 0);
  CALL(KILL, own_id(), SIGNAL_USR1, 0);
  CALL(KILL, own_id(), SIGNAL_USR1, 0);
  say("seen", seen);
  say("pending", CALL(RT_SIGPENDING, pending, 8, 0));
  say("which", (int)pending[0]);
  say("suspend", CALL(RT_SIGSUSPEND, none, 8, 0));
  say("order", seen);
  CALL4(RT_SIGPROCMASK, 0, 0, old, 8);
  say("mask again", (int)old[0]);
  seen = 0;
  say("unblock", CALL4(RT_SIGPROCMASK, 1, blocked, 0, 8));
  say("seen", seen);
  say("bad how", CALL4(RT_SIGPROCMASK, 9, blocked, 0, 8));
  say("bad size", CALL4(RT_SIGPROCMASK, 0, blocked, 0, 4));
  say("kill cannot be caught", handle(SIGNAL_KILL, (void *)count, 0, 0));
}

static void stacks(void) {
  static byte space[16384];
  const word stack[3] = {(word)space, 0, sizeof space};
  word old[3] = {1, 1, 1};
  say("small", CALL(SIGALTSTACK, ((const word[3]){(word)space, 0, 100}), 0, 0));
  say("altstack", CALL(SIGALTSTACK, stack, old, 0));
  say("was", (int)old[1]);
  handle(SIGNAL_USR1, (void *)look, SA_ONSTACK, 0);
  CALL(KILL, own_id(), SIGNAL_USR1, 0);
  say("on it", stack_at >= (word)space && stack_at < (word)space + sizeof space);
  handle(SIGNAL_USR1, (void *)look, 0, 0);
  CALL(KILL, own_id(), SIGNAL_USR1, 0);
  say("on it", stack_at >= (word)space && stack_at < (word)space + sizeof space);
}

static void kinds(void) {
  deepest = 0;
  handle(SIGNAL_USR1, (void *)nest, SA_NODEFER, 0);
  CALL(KILL, own_id(), SIGNAL_USR1, 0);
  say("nested", deepest);
  deepest = depth = sent = 0;
  handle(SIGNAL_USR1, (void *)nest, 0, 0);
  CALL(KILL, own_id(), SIGNAL_USR1, 0);
  say("deferred", deepest);
  handle(SIGNAL_USR1, (void *)information, SA_SIGINFO, 1u << (SIGNAL_USR2 - 1));
  CALL(KILL, own_id(), SIGNAL_USR1, 0);
  for (word index = 0; index < 5; index++) say("information", (int)frame[index]);
  handle(SIGNAL_USR1, (void *)count, SA_RESETHAND, 0);
  const int child = fork_child();
  if (child == 0) {
    CALL(KILL, own_id(), SIGNAL_USR1, 0);
    CALL(KILL, own_id(), SIGNAL_USR1, 0);
    leave(0);
  }
  say("reset", wait_for(child, 0));
  handle(SIGNAL_USR1, (void *)1, 0, 0);
  say("ignored", CALL(KILL, own_id(), SIGNAL_USR1, 0));
  say("nobody", CALL(KILL, 99999, SIGNAL_USR1, 0));
  say("bad signal", CALL(KILL, own_id(), 65, 0));
}

static void calls(void) {
  int ends[2];
  char byte_read = 0;
  CALL(PIPE, ends, 0, 0);
  const int parent = own_id();
  handle(SIGNAL_USR1, (void *)count, 0, 0);
  int child = fork_child();
  if (child == 0) {
    CALL(NANOSLEEP, ((const word[2]){0, 30000000}), 0, 0);
    CALL(KILL, parent, SIGNAL_USR1, 0);
    leave(0);
  }
  say("interrupted", CALL(READ, ends[0], &byte_read, 1));
  wait_for(child, 0);
  handle(SIGNAL_USR1, (void *)count, SA_RESTART, 0);
  child = fork_child();
  if (child == 0) {
    CALL(NANOSLEEP, ((const word[2]){0, 30000000}), 0, 0);
    CALL(KILL, parent, SIGNAL_USR1, 0);
    CALL(NANOSLEEP, ((const word[2]){0, 30000000}), 0, 0);
    CALL(WRITE, ends[1], "x", 1);
    leave(0);
  }
  say("restarted", CALL(READ, ends[0], &byte_read, 1));
  say("byte", byte_read);
  wait_for(child, 0);
}

static volatile word control_in_handler;
static void look_at_control(int signal) {
  word control = 0;
  seen = signal;
  __asm__ volatile("fnstcw %0" : "=m"(control));
  control_in_handler = control;
}
static void floats(void) {
  word control = 0x27f;
  handle(SIGNAL_USR2, (void *)look_at_control, 0, 0);
  __asm__ volatile("fldcw %0" : : "m"(control));
  CALL(KILL, own_id(), SIGNAL_USR2, 0);
  __asm__ volatile("fnstcw %0" : "=m"(control));
  say("handler's control word", (int)control_in_handler);
  say("own control word", (int)(control & 0xffff));
  handle(SIGNAL_USR1, (void *)look, 0, 0);
  volatile int result = 0;
  __asm__ volatile("fninit\n fldpi\n fld1\n movl $37, %%eax\n int $0x80\n faddp\n fistpl (%2)" : : "b"(own_id()), "c"(SIGNAL_USR1), "S"(&result) : "eax", "memory");
  say("x87", result);
}

int run(void) {
  frames();
  faults();
  masks();
  stacks();
  kinds();
  calls();
  floats();
  return 0;
}
