/*
 * Runs single IA-32 instructions on the processor of the host, in a 32-bit process, and tells what became of registers, flags and memory,
 * or which fault was raised. Built and driven by silicon.mjs:
 *
 *   gcc -m32 -O1 -fno-pie -no-pie -o step step.c
 *
 * One case a line on standard input, blank-separated hexadecimal without prefix:
 *   code eax ecx edx ebx esp ebp esi edi eflags seed es ds fs gs [address:bytes ...]
 * One line of answer:
 *   vector error cr2 eip eax ecx edx ebx esp ebp esi edi eflags es cs ss ds fs gs [address:bytes ...]
 * with vector 1 for an instruction that completed, and the bytes of memory that changed. The first line of output is `low L ldt D`: L is 1 when the
 * host lets the process have memory below 64 KiB, so that 16-bit addresses can reach some, D when it lets it have a local descriptor table.
 *
 * How: a breakpoint trap interrupts the loop below. Its handler keeps the interrupted context and replaces it by the case's with TF set; the
 * return from the handler loads all of it, one instruction runs, and the trap or fault that ends it reports the state; that handler puts the kept
 * context back.
 */
#define _GNU_SOURCE
#include <asm/ldt.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

enum { PAGE = 0x1000, TRAP_FLAG = 0x100, BREAKPOINT = 3, MAX_CODE = 15, MAX_LINE = 4096 };

/* The memory of a case; packages/interpreter/test/support/silicon-machine.ts has the same map. What is between is not present. */
static const uint32_t CODE_PAGE = 0x20000000, CODE_AT = 0x20000800;
static struct area { uint32_t page; int writable; int present; uint32_t before[PAGE / 4]; } areas[] = {
  { 0x00008000, 1, 0, {0} }, { 0x00009000, 1, 0, {0} },
  { 0x40000000, 1, 0, {0} }, { 0x40001000, 1, 0, {0} }, { 0x40003000, 1, 0, {0} }, { 0x40004000, 0, 0, {0} },
};
enum { AREAS = sizeof areas / sizeof areas[0] };

/* The local descriptor table of a case, all of DPL 3; packages/interpreter/test/support/silicon-segments.ts has the same. Contents as modify_ldt(2). */
enum { DATA = 0, EXPAND_DOWN = 1, CODE = 2, CONFORMING = 3, MODIFY_LDT_WRITE = 0x11, PAGES = 0xfffff };
static const struct { uint32_t base, limit; uint8_t contents, fixed, wide, pages, absent; } descriptors[] = {
  { 0, PAGES, DATA, 0, 1, 1, 0 }, { 0, PAGES, DATA, 1, 1, 1, 0 }, { 0x40000000, 0x17ff, DATA, 0, 1, 0, 0 }, { 0x40000000, 0x7ff, EXPAND_DOWN, 0, 1, 0, 0 },
  { 0, PAGES, DATA, 0, 1, 1, 1 }, { 0, PAGES, CODE, 0, 1, 1, 0 }, { 0, PAGES, CODE, 1, 1, 1, 0 }, { 0, PAGES, CONFORMING, 0, 1, 1, 0 },
  { 0, PAGES, CODE, 0, 1, 1, 1 }, { 0x20000000, 0xffff, CODE, 0, 0, 0, 0 }, { 0x40000000, 0xffff, DATA, 0, 0, 0, 0 }, { 0x40000000, 0x7ff, EXPAND_DOWN, 0, 0, 0, 0 },
  { 0x20000000, 0x8ff, CODE, 0, 1, 0, 0 }, { 0x40000000, 0x17ff, EXPAND_DOWN, 1, 1, 0, 0 },
};
enum { DESCRIPTORS = sizeof descriptors / sizeof descriptors[0] };

/* General registers in encoding order, as indexes of the kernel's register array. */
static const int GENERAL[8] = { REG_EAX, REG_ECX, REG_EDX, REG_EBX, REG_ESP, REG_EBP, REG_ESI, REG_EDI };

/* Segment registers in encoding order, and those of them that a case sets. */
static const int SEGMENTS[6] = { REG_ES, REG_CS, REG_SS, REG_DS, REG_FS, REG_GS }, SET_SEGMENTS[4] = { REG_ES, REG_DS, REG_FS, REG_GS };

static uint32_t wanted_registers[8], wanted_flags, wanted_segments[4];
static mcontext_t kept, result;
static volatile sig_atomic_t stepping;

static void on_signal(int number, siginfo_t *info, void *context) {
  mcontext_t *machine = &((ucontext_t *)context)->uc_mcontext;
  (void)number; (void)info;
  if (stepping) {
    result = *machine;
    *machine = kept;
    stepping = 0;
    return;
  }
  if (machine->gregs[REG_TRAPNO] != BREAKPOINT) abort(); /* a fault of this program, not of a case */
  kept = *machine;
  stepping = 1;
  for (int i = 0; i < 8; i++) machine->gregs[GENERAL[i]] = (greg_t)wanted_registers[i];
  /* The kernel loads ESP from its own slot of the frame. */
  machine->gregs[REG_UESP] = (greg_t)wanted_registers[4];
  machine->gregs[REG_EFL] = (greg_t)(wanted_flags | TRAP_FLAG);
  machine->gregs[REG_EIP] = (greg_t)CODE_AT;
  for (int i = 0; i < 4; i++) machine->gregs[SET_SEGMENTS[i]] = (greg_t)wanted_segments[i];
}

static void catch_signals(void) {
  static uint8_t stack[65536];
  const stack_t alternate = { .ss_sp = stack, .ss_size = sizeof stack };
  const int numbers[] = { SIGTRAP, SIGSEGV, SIGBUS, SIGILL, SIGFPE };
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigaltstack(&alternate, NULL);
  for (unsigned i = 0; i < sizeof numbers / sizeof numbers[0]; i++) sigaction(numbers[i], &action, NULL);
}

static int write_descriptors(void) {
  for (unsigned i = 0; i < DESCRIPTORS; i++) {
    struct user_desc entry;
    memset(&entry, 0, sizeof entry);
    entry.entry_number = i;
    entry.base_addr = descriptors[i].base;
    entry.limit = descriptors[i].limit;
    entry.contents = descriptors[i].contents;
    entry.read_exec_only = descriptors[i].fixed;
    entry.seg_32bit = descriptors[i].wide;
    entry.limit_in_pages = descriptors[i].pages;
    entry.seg_not_present = descriptors[i].absent;
    if (syscall(SYS_modify_ldt, MODIFY_LDT_WRITE, &entry, sizeof entry) != 0) return 0;
  }
  return 1;
}

static int map(uint32_t page, int protection) {
  void *at = (void *)page;
  return mmap(at, PAGE, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == at;
}

/* Contents of memory before a case: a function of its seed and the address, one word in eight a value that is interesting in itself. */
static uint32_t filler(uint32_t seed, uint32_t address) {
  static const uint32_t interesting[8] = { 0, 0xffffffff, 0x80000000, 0x7fffffff, 1, 0x80, 0x8000, 0x7f };
  uint32_t mixed = (seed ^ address) * 0x9e3779b1u;
  mixed = (mixed ^ (mixed >> 15)) * 0x85ebca6bu;
  mixed ^= mixed >> 13;
  return (mixed & 7) == 0 ? interesting[(mixed >> 3) & 7] : mixed;
}

static void fill_memory(uint32_t seed) {
  for (int i = 0; i < AREAS; i++) {
    uint32_t *words = (uint32_t *)areas[i].page;
    if (!areas[i].present) continue;
    if (!areas[i].writable) mprotect(words, PAGE, PROT_READ | PROT_WRITE);
    for (uint32_t at = 0; at < PAGE; at += 4) words[at / 4] = filler(seed, areas[i].page + at);
  }
}

/* After the pokes of a case: what changes from here on is the instruction's doing. */
static void seal_memory(void) {
  for (int i = 0; i < AREAS; i++) {
    if (!areas[i].present) continue;
    memcpy(areas[i].before, (void *)areas[i].page, PAGE);
    if (!areas[i].writable) mprotect((void *)areas[i].page, PAGE, PROT_READ);
  }
}

static int hex_bytes(const char *text, uint8_t *out, int limit) {
  int count = 0;
  unsigned byte;
  while (count < limit && sscanf(text + 2 * count, "%2x", &byte) == 1) out[count++] = (uint8_t)byte;
  return count;
}

static int is_mapped(uint32_t address) {
  for (int i = 0; i < AREAS; i++) if (areas[i].present && (address & ~(PAGE - 1u)) == areas[i].page) return 1;
  return 0;
}

static void poke(const char *text) {
  uint8_t bytes[256];
  const char *colon = strchr(text, ':');
  const uint32_t address = (uint32_t)strtoul(text, NULL, 16);
  const int count = colon == NULL ? 0 : hex_bytes(colon + 1, bytes, sizeof bytes);
  for (int i = 0; i < count; i++) if (is_mapped(address + (uint32_t)i)) ((uint8_t *)address)[i] = bytes[i];
}

static int read_case(char *line) {
  uint32_t numbers[14];
  char *code = strtok(line, " \n");
  if (code == NULL) return 0;
  for (int i = 0; i < 14; i++) {
    const char *word = strtok(NULL, " \n");
    if (word == NULL) return 0;
    numbers[i] = (uint32_t)strtoul(word, NULL, 16);
  }
  memcpy(wanted_registers, numbers, sizeof wanted_registers);
  wanted_flags = numbers[8];
  memcpy(wanted_segments, numbers + 10, sizeof wanted_segments);
  memset((void *)CODE_PAGE, 0x90, PAGE);
  hex_bytes(code, (uint8_t *)CODE_AT, MAX_CODE);
  fill_memory(numbers[9]);
  for (const char *word = strtok(NULL, " \n"); word != NULL; word = strtok(NULL, " \n")) poke(word);
  seal_memory();
  return 1;
}

static void report_memory(const struct area *area) {
  const uint8_t *now = (const uint8_t *)area->page, *before = (const uint8_t *)area->before;
  for (uint32_t at = 0; at < PAGE; at++) {
    if (now[at] == before[at]) continue;
    printf(" %x:", area->page + at);
    for (; at < PAGE && now[at] != before[at]; at++) printf("%02x", now[at]);
  }
}

static void report(void) {
  const greg_t *registers = result.gregs;
  printf("%x %x %lx %x", registers[REG_TRAPNO], registers[REG_ERR], result.cr2, registers[REG_EIP]);
  for (int i = 0; i < 8; i++) printf(" %x", registers[GENERAL[i]]);
  printf(" %x", registers[REG_EFL] & ~TRAP_FLAG);
  for (int i = 0; i < 6; i++) printf(" %x", registers[SEGMENTS[i]] & 0xffff);
  for (int i = 0; i < AREAS; i++) if (areas[i].present) report_memory(&areas[i]);
  putchar('\n');
}

int main(void) {
  char line[MAX_LINE];
  if (!map(CODE_PAGE, PROT_READ | PROT_WRITE | PROT_EXEC)) return 1;
  for (int i = 0; i < AREAS; i++) areas[i].present = map(areas[i].page, PROT_READ | PROT_WRITE);
  for (int i = 2; i < AREAS; i++) if (!areas[i].present) return 1;
  printf("low %d ldt %d\n", areas[0].present && areas[1].present, write_descriptors());
  catch_signals();
  while (fgets(line, sizeof line, stdin) != NULL) {
    if (!read_case(line)) return 1;
    __asm__ volatile("int3" ::: "memory");
    report();
  }
  return 0;
}
