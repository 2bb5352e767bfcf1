/*
 * Runs single x87 instructions on the processor of the host, in a 32-bit process. Built and driven by host.ts:
 *
 *   gcc -m32 -O1 -fno-pie -no-pie -o step step.c
 *
 * Binary records on standard input and output (struct question, struct answer below; host.ts has the same layout). The first output is a line of
 * 64 bytes with the processor's name. A case is: load an FNSAVE image, EAX and EFLAGS, execute the instruction, store everything again.
 * A fault (a pending exception at a waiting instruction, an undefined opcode) is answered with its signal and nothing else.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

enum { IMAGE_BYTES = 108, CODE_BYTES = 16, MEMORY_BYTES = 128, PAGE = 4096, NAME_BYTES = 64 };
#define CODE_AT ((uint8_t *)0x20000000)
#define MEMORY_AT ((uint8_t *)0x40000000) /* memory operands are here: ModR/M 05 and a 32-bit displacement */

struct question { uint8_t image[IMAGE_BYTES]; uint32_t eax, flags; uint8_t length, code[CODE_BYTES - 1], memory[MEMORY_BYTES]; };
struct answer { uint8_t image[IMAGE_BYTES]; uint32_t eax, flags, signal; uint8_t memory[MEMORY_BYTES]; };

static struct question asked;
static struct answer given;
static sigjmp_buf recover;

static void on_signal(int number) { siglongjmp(recover, number); }

static uint8_t *put(uint8_t *at, const char *bytes, int count, const void *address) {
  memcpy(at, bytes, (size_t)count);
  memcpy(at + count, &address, 4);
  return at + count + 4;
}

/* The instruction is surrounded by loads and stores; FNSAVE does not wait, so that a pending exception does not disturb it. */
static void compile(void) {
  uint8_t *at = CODE_AT;
  at = put(at, "\xdd\x25", 2, asked.image);   /* FRSTOR */
  at = put(at, "\xa1", 1, &asked.eax);        /* MOV EAX, [eax] */
  at = put(at, "\xff\x35", 2, &asked.flags);  /* PUSH [flags] */
  *at++ = 0x9d;                               /* POPF */
  memcpy(at, asked.code, asked.length);
  at += asked.length;
  at = put(at, "\xdd\x35", 2, given.image);   /* FNSAVE */
  at = put(at, "\xa3", 1, &given.eax);        /* MOV [eax], EAX */
  *at++ = 0x9c;                               /* PUSHF */
  at = put(at, "\x8f\x05", 2, &given.flags);  /* POP [flags] */
  *at++ = 0xc3;                               /* RET */
}

static void processor_name(char *name) {
  memset(name, 0, NAME_BYTES);
  for (uint32_t leaf = 0; leaf < 3; leaf++) {
    uint32_t *words = (uint32_t *)(name + 16 * leaf);
    __asm__ volatile("cpuid" : "=a"(words[0]), "=b"(words[1]), "=c"(words[2]), "=d"(words[3]) : "a"(0x80000002u + leaf));
  }
}

int main(void) {
  static char name[NAME_BYTES];
  struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_NODEFER };
  static const int signals[] = { SIGFPE, SIGILL, SIGSEGV, SIGBUS };
  for (unsigned i = 0; i < sizeof signals / sizeof signals[0]; i++) sigaction(signals[i], &action, 0);
  if (mmap(CODE_AT, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != CODE_AT) return 1;
  if (mmap(MEMORY_AT, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MEMORY_AT) return 1;
  processor_name(name);
  fwrite(name, 1, NAME_BYTES, stdout);
  while (fread(&asked, sizeof asked, 1, stdin) == 1) {
    memset(&given, 0, sizeof given);
    memcpy(MEMORY_AT, asked.memory, MEMORY_BYTES);
    compile();
    given.signal = (uint32_t)sigsetjmp(recover, 1);
    if (given.signal == 0) ((void (*)(void))CODE_AT)();
    __asm__ volatile("fninit");
    memcpy(given.memory, MEMORY_AT, MEMORY_BYTES);
    fwrite(&given, sizeof given, 1, stdout);
  }
  return 0;
}
