/* Birth, death, waiting, pipes and what is inherited. */
#include "program.h"

static volatile int children_seen;
static void on_child(int signal) { children_seen += signal == SIGNAL_CHLD; }

static void ends_of_children(void) {
  int child = fork_child();
  if (child == 0) leave(300);
  say("exit", wait_for(child, 0));
  say("again", wait_for(child, 0));
  child = fork_child();
  if (child == 0) *(volatile int *)0 = 1;
  say("fault", wait_for(child, 0) & 0x7f);
  child = fork_child();
  if (child == 0) for (;;) CALL(PAUSE, 0, 0, 0);
  say("not yet", CALL4(WAIT4, child, 0, 1, 0));
  say("kill", CALL(KILL, child, SIGNAL_KILL, 0));
  say("killed", wait_for(child, 0));
  say("no child", CALL4(WAIT4, -1, 0, 0, 0));
  say("bad status", (child = fork_child()) == 0 ? (leave(1), 0) : CALL4(WAIT4, child, 1, 0, 0));
  say("signal of the end", handle(SIGNAL_CHLD, (void *)on_child, SA_RESTART, 0));
  child = fork_child();
  if (child == 0) leave(0);
  wait_for(child, 0);
  say("came", children_seen);
  handle(SIGNAL_CHLD, (void *)1, 0, 0);
  child = fork_child();
  if (child == 0) leave(0);
  say("nobody waits", CALL4(WAIT4, child, 0, 0, 0));
  handle(SIGNAL_CHLD, 0, 0, 0);
}

static void sharing(void) {
  int ends[2];
  char text[8];
  CALL(PIPE, ends, 0, 0);
  /* CLONE_FILES: what the child closes is closed. */
  int child = CALL6(CLONE, 0x400 | SIGNAL_CHLD, 0, 0, 0, 0, 0);
  if (child == 0) {
    CALL(CLOSE, ends[1], 0, 0);
    leave(0);
  }
  wait_for(child, 0);
  say("closed by the child", CALL(WRITE, ends[1], "a", 1));
  say("end of the pipe", CALL(READ, ends[0], text, 1));
  CALL(PIPE, ends, 0, 0);
  child = fork_child();
  if (child == 0) {
    CALL(CLOSE, ends[1], 0, 0);
    leave(0);
  }
  wait_for(child, 0);
  say("own table", CALL(WRITE, ends[1], "a", 1));
  volatile int *const word_shared = map_pages(1, PROT_READ | PROT_WRITE);
  byte *const stack = map_pages(4, PROT_READ | PROT_WRITE);
  /* CLONE_VM: one memory. The child has a stack of its own and uses registers only. */
  int answer;
  __asm__ volatile("int $0x80\n testl %%eax, %%eax\n jnz 1f\n movl $77, (%%esi)\n movl $1, %%eax\n xorl %%ebx, %%ebx\n int $0x80\n1:" : "=a"(answer)
                   : "0"(CLONE), "b"(0x100 | SIGNAL_CHLD), "c"(stack + 4 * PAGE), "d"(0), "S"(word_shared) : "memory");
  say("one memory", wait_for(answer, 0));
  say("written", *word_shared);
}

static void parents(void) {
  const int parent = own_id();
  int ends[2], reported = 0;
  CALL(PIPE, ends, 0, 0);
  int child = fork_child();
  if (child == 0) leave(CALL(GETPPID, 0, 0, 0) == parent);
  say("parent", wait_for(child, 0) >> 8);
  /* CLONE_PARENT: a sibling, so that the first process waits for it. */
  child = fork_child();
  if (child == 0) {
    const int sibling = CALL6(CLONE, 0x8000 | SIGNAL_CHLD, 0, 0, 0, 0, 0);
    if (sibling == 0) leave(CALL(GETPPID, 0, 0, 0) == parent ? 5 : 6);
    CALL(WRITE, ends[1], &sibling, 4);
    leave(0);
  }
  say("first", wait_for(child, 0));
  CALL(READ, ends[0], &reported, 4);
  say("sibling", wait_for(reported, 0) >> 8);
  say("vfork", (child = CALL(VFORK, 0, 0, 0)) == 0 ? (leave(3), 0) : wait_for(child, 0));
}

static void pipes(void) {
  int ends[2];
  char text[8] = {0};
  CALL(PIPE, ends, 0, 0);
  const int child = fork_child();
  if (child == 0) {
    CALL(NANOSLEEP, ((const word[2]){0, 20000000}), 0, 0);
    CALL(WRITE, ends[1], "hello", 5);
    leave(0);
  }
  say("waited for", CALL(READ, ends[0], text, 8));
  say("first", text[0]);
  wait_for(child, 0);
  CALL(CLOSE, ends[1], 0, 0);
  say("end", CALL(READ, ends[0], text, 8));
  CALL(PIPE, ends, 0, 0);
  CALL(CLOSE, ends[0], 0, 0);
  handle(SIGNAL_PIPE, (void *)1, 0, 0);
  say("broken", CALL(WRITE, ends[1], "x", 1));
  say("wrong end", CALL(READ, ends[1], text, 1));
}

static void segments(void) {
  word area[4] = {(word)-1, 0, 0xfffff, 1 | 1 << 4 | 1 << 6};
  static word value = 1234;
  area[1] = (word)&value;
  say("set", CALL(SET_THREAD_AREA, area, 0, 0));
  const word selector = area[0] << 3 | 3;
  word read;
  __asm__ volatile("movw %w1, %%gs\n movl %%gs:0, %0" : "=r"(read) : "r"(selector));
  say("through gs", (int)read);
  const int child = fork_child();
  if (child == 0) {
    __asm__ volatile("movl %%gs:0, %0" : "=r"(read));
    leave(read == 1234 ? 9 : 1);
  }
  say("inherited", wait_for(child, 0) >> 8);
  area[1] = 0;
  say("get", CALL(GET_THREAD_AREA, area, 0, 0));
  say("base", area[1] == (word)&value);
  say("bits", (int)(area[3] & 0x7f));
  area[0] = 99;
  say("bad entry", CALL(SET_THREAD_AREA, area, 0, 0));
}

int run(void) {
  ends_of_children();
  sharing();
  parents();
  pipes();
  segments();
  return 42;
}
