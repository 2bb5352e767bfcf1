/* What the test programs have instead of a library: i386 Linux system calls by number, and lines of output. */
#ifndef PROGRAM_H
#define PROGRAM_H

typedef unsigned int word;
typedef unsigned char byte;

static inline int call6(int number, word a, word b, word c, word d, word e, word f) {
  int answer;
  const word both[2] = {(word)number, f};
  __asm__ volatile("pushl %%ebp\n movl 4(%%eax), %%ebp\n movl (%%eax), %%eax\n int $0x80\n popl %%ebp"
                   : "=a"(answer) : "0"(both), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e) : "memory", "cc");
  return answer;
}
#define CALL(number, a, b, c) call6(number, (word)(a), (word)(b), (word)(c), 0, 0, 0)
#define CALL4(number, a, b, c, d) call6(number, (word)(a), (word)(b), (word)(c), (word)(d), 0, 0)
#define CALL6(number, a, b, c, d, e, f) call6(number, (word)(a), (word)(b), (word)(c), (word)(d), (word)(e), (word)(f))

enum {
  EXIT = 1, FORK = 2, READ = 3, WRITE = 4, OPEN = 5, CLOSE = 6, LSEEK = 19, GETPID = 20, PTRACE = 26, ALARM = 27, PAUSE = 29, KILL = 37, DUP = 41, PIPE = 42, BRK = 45, SIGACTION = 67, DUP2 = 63, GETPPID = 64, GETTIMEOFDAY = 78, MUNMAP = 91,
  FTRUNCATE = 93, SETITIMER = 104, WAIT4 = 114, SIGRETURN = 119, CLONE = 120, MPROTECT = 125, SIGPROCMASK = 126, LLSEEK = 140, READV = 145, WRITEV = 146, NANOSLEEP = 162, POLL = 168, RT_SIGACTION = 174, RT_SIGPROCMASK = 175,
  RT_SIGPENDING = 176, RT_SIGSUSPEND = 179, PREAD64 = 180, PWRITE64 = 181, SIGALTSTACK = 186, VFORK = 190, MMAP2 = 192, FCNTL64 = 221, SET_THREAD_AREA = 243, GET_THREAD_AREA = 244, EXIT_GROUP = 252, CLOCK_GETTIME = 265, MEMFD_CREATE = 356,
};
enum { SIGNAL_ILL = 4, SIGNAL_TRAP = 5, SIGNAL_BUS = 7, SIGNAL_FPE = 8, SIGNAL_KILL = 9, SIGNAL_USR1 = 10, SIGNAL_SEGV = 11, SIGNAL_USR2 = 12, SIGNAL_PIPE = 13, SIGNAL_ALRM = 14, SIGNAL_CHLD = 17, SIGNAL_IO = 29 };
enum { SA_SIGINFO = 4, SA_ONSTACK = 0x08000000, SA_RESTART = 0x10000000, SA_NODEFER = 0x40000000, SA_RESETHAND = (int)0x80000000 };
enum { PROT_NONE = 0, PROT_READ = 1, PROT_WRITE = 2, MAP_SHARED = 1, MAP_PRIVATE = 2, MAP_FIXED = 0x10, MAP_ANONYMOUS = 0x20 };
#define PAGE 4096u
#define WAIT_ALL 0x40000000

struct action {
  void *handler;
  word flags;
  void *restorer;
  word mask[2];
};

/* Lines: "name value", gathered so that a fork copies none and a run makes few calls. */
static char line[128];
static word filled;
static inline void put_character(char character) { line[filled++] = character; }
static inline void put_text(const char *text) { while (*text) put_character(*text++); }
static inline void put_number(int value) {
  char digits[12];
  word count = 0, rest = value < 0 ? 0u - (word)value : (word)value;
  do digits[count++] = (char)('0' + rest % 10); while (rest /= 10);
  if (value < 0) put_character('-');
  while (count) put_character(digits[--count]);
}
static inline void say(const char *name, int value) {
  put_text(name);
  put_character(' ');
  put_number(value);
  put_character('\n');
  CALL(WRITE, 1, line, filled);
  filled = 0;
}

static inline int handle(int signal, void *handler, word flags, word mask) {
  const struct action action = {handler, flags, 0, {mask, 0}};
  return CALL4(RT_SIGACTION, signal, &action, 0, 8);
}
static inline void *map_pages(word count, int rights) { return (void *)CALL6(MMAP2, 0, count * PAGE, rights, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); }
static inline int fork_child(void) { return CALL(FORK, 0, 0, 0); }
__attribute__((noreturn)) static inline void leave(int status) {
  for (;;) CALL(EXIT_GROUP, status, 0, 0);
}
static inline int own_id(void) { return CALL(GETPID, 0, 0, 0); }
static inline int wait_for(int id, int options) {
  int status = -1;
  const int found = CALL4(WAIT4, id, &status, options, 0);
  return found == id ? status : found;
}

int run(void);
/* The stack that the kernel made becomes C's. */
__asm__(".globl _start\n_start: xorl %ebp, %ebp\n andl $-16, %esp\n call start");
__attribute__((noreturn, used)) static void start(void) { leave(run()); }

#endif
