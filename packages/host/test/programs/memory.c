/* Mappings, rights, faults and what fork makes of them. */
#include "program.h"

static volatile word code, address, handled;
static word expected;

/* Goes on behind a faulting `movl %eax, (%ecx)` or its kin of two bytes. */
static void on_fault(int signal, word *information, volatile word *context) {
  code = information[2];
  address = information[3] - expected;
  handled = (word)signal;
  context[5 + 14] += 2;
}
static void fault(const char *name, word at, int write) {
  expected = at;
  handled = 0;
  if (write) __asm__ volatile("movl %%eax, (%%ecx)" : : "c"(at), "a"(7) : "memory");
  else __asm__ volatile("movl (%%ecx), %%eax" : : "c"(at) : "eax", "memory");
  say(name, (int)handled);
  if (handled) {
    say("  code", (int)code);
    say("  off", (int)address);
  }
}

static void mappings(void) {
  volatile word *const pages = map_pages(4, PROT_READ | PROT_WRITE);
  say("zero", (int)pages[0]);
  pages[0] = 5;
  say("munmap middle", CALL(MUNMAP, (word)pages + PAGE, PAGE, 0));
  fault("hole", (word)pages + PAGE, 0);
  fault("kept", (word)pages, 0);
  say("read only", CALL(MPROTECT, pages, PAGE, PROT_READ));
  fault("write", (word)pages, 1);
  fault("read", (word)pages, 0);
  say("none", CALL(MPROTECT, pages, PAGE, PROT_NONE));
  fault("read none", (word)pages, 0);
  say("back", CALL(MPROTECT, pages, PAGE, PROT_READ | PROT_WRITE));
  say("value", (int)pages[0]);
  say("hole protect", CALL(MPROTECT, pages, 3 * PAGE, PROT_READ));
  say("odd address", CALL(MPROTECT, (word)pages + 1, PAGE, PROT_READ));
  say("fixed", CALL6(MMAP2, (word)pages + 3 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) - (int)pages);
  say("no length", CALL6(MMAP2, 0, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  say("no kind", CALL6(MMAP2, 0, PAGE, PROT_READ, MAP_ANONYMOUS, -1, 0));
  say("bad file", CALL6(MMAP2, 0, PAGE, PROT_READ, MAP_PRIVATE, 77, 0));
  say("odd fixed", CALL6(MMAP2, (word)pages + 5, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
  say("unmap nothing", CALL(MUNMAP, pages, 0, 0));
  say("unmap odd", CALL(MUNMAP, (word)pages + 1, PAGE, 0));
  fault("null", 0, 0);
  fault("kernel", 0xffffe000u, 0);
}

static void heap(void) {
  const word end = (word)CALL(BRK, 0, 0, 0);
  say("brk", CALL(BRK, end + 2 * PAGE, 0, 0) - (int)end);
  *(volatile word *)(end + PAGE) = 9;
  say("brk back", CALL(BRK, end, 0, 0) - (int)end);
  say("brk again", CALL(BRK, end + 2 * PAGE, 0, 0) - (int)end);
  say("fresh", (int)*(volatile word *)(end + PAGE));
}

static void files(void) {
  const int file = CALL(MEMFD_CREATE, "test", 0, 0);
  say("truncate", CALL(FTRUNCATE, file, 2 * PAGE, 0));
  volatile word *const one = (void *)CALL6(MMAP2, 0, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  volatile word *const other = (void *)CALL6(MMAP2, 0, PAGE, PROT_READ, MAP_SHARED, file, 1);
  volatile word *const own = (void *)CALL6(MMAP2, 0, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 1);
  volatile word *const late = (void *)CALL6(MMAP2, 0, 4 * PAGE, PROT_READ, MAP_SHARED, file, 0);
  one[1024] = 11;
  say("seen", (int)other[0]);
  say("own sees", (int)own[0]);
  own[0] = 12;
  one[1024] = 13;
  say("own keeps", (int)own[0]);
  word value = 0;
  say("pread", CALL6(PREAD64, file, &value, 4, PAGE, 0, 0));
  say("value", (int)value);
  fault("beyond the file", (word)late + 3 * PAGE, 0);
  say("close", CALL(CLOSE, file, 0, 0));
  say("still", (int)other[0]);
}

static void forks(void) {
  volatile word *const own = map_pages(1, PROT_READ | PROT_WRITE);
  volatile word *const shared = (void *)CALL6(MMAP2, 0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  own[0] = 1;
  const int child = fork_child();
  if (child == 0) {
    own[0] += 1;
    shared[0] = own[0] + 20;
    leave((int)own[0]);
  }
  say("child", wait_for(child, 0));
  say("own", (int)own[0]);
  say("shared", (int)shared[0]);
}

static void pointers(void) {
  int ends[2];
  CALL(PIPE, ends, 0, 0);
  say("write from null", CALL(WRITE, ends[1], 0, 4));
  say("read to null", CALL(WRITE, ends[1], "1234", 4) == 4 ? CALL(READ, ends[0], 0, 4) : 0);
  say("pipe to null", CALL(PIPE, 0, 0, 0));
  say("nowhere", CALL(WRITE, ends[1], 0xfffff000u, 4));
}

int run(void) {
  say("handler", handle(SIGNAL_SEGV, (void *)on_fault, SA_SIGINFO, 0));
  handle(SIGNAL_BUS, (void *)on_fault, SA_SIGINFO, 0);
  mappings();
  heap();
  files();
  forks();
  pointers();
  return 7;
}
