#include "arguments.h"

#include "program.h"
#include "random.h"

#define AREA_BYTES (16 * PAGE_BYTES)
#define AREA_WORDS (AREA_BYTES / sizeof(uint32_t))
#define PATHS_AT (8 * PAGE_BYTES)
#define PATH_BYTES 64u

/* Beyond the last number that the kernel's table has, so that numbers that do not exist occur, too. */
#define NUMBERS 448u
#define CALL_EXIT_GROUP 252u
#define CALL_REBOOT 88u
#define CALL_CLONE 120u
#define CALL_VFORK 190u

#define ERROR_NO_CALL 38
#define KERNEL_START 0xc0000000u
#define PROGRAM_START 0x08048000u
#define DESCRIPTORS_LIKELY 12u
#define PROCESSES_LIKELY 64u
#define SIGNALS 65u

static uint8_t *area;
/* Numbers that the kernel said not to have. One in so many of them is tried again all the same. */
#define RETRIED 16u
static uint8_t missing[NUMBERS];

/* No way from here to the console: what the fuzzer writes must not look like its result. */
static const char *const paths[] = {
  "/tmp/a", "/tmp/b", "/tmp/d", "/tmp/d/e", "/tmp/l", "a", "d/../b", ".", "..", "", "/tmp/a/x", "/tmp/missing/x", "/dev/null", "/dev/zero",
  "/dev/urandom", "/proc", "/proc/self/status", "/proc/self/maps", "/proc/self/exe", "/proc/self/cmdline", "/proc/meminfo", "/proc/1/stat",
  "/proc/mounts", "/tmp/.././tmp//d/",
};
#define PATHS (sizeof paths / sizeof paths[0])

void arguments_prepare(uint32_t *random) {
  area = pages_map(AREA_BYTES, PROT_READ | PROT_WRITE);
  for (uint32_t at = 0; at < PATHS_AT; at += sizeof(uint32_t)) *(uint32_t *)(area + at) = random_next(random) % SIGNALS;
  for (uint32_t at = 0; at < PATHS; at++) text_copy((char *)area + PATHS_AT + at * PATH_BYTES, paths[at]);
  /* A text without an end, up to the end of the area. */
  memset(area + AREA_BYTES - 2 * PAGE_BYTES, 'x', 2 * PAGE_BYTES);
}

static uint32_t argument(uint32_t *random) {
  const uint32_t value = random_next(random);
  switch (random_next(random) % 20) {
    case 0: case 1: case 2: return value % DESCRIPTORS_LIKELY;
    case 3: return (uint32_t)-1 - value % 4;
    case 4: case 5: case 6: return (uint32_t)area + value % AREA_BYTES;
    case 7: case 8: return (uint32_t)area + PATHS_AT + value % PATHS * PATH_BYTES;
    case 9: return (uint32_t)area + AREA_BYTES - value % 32;
    case 10: return KERNEL_START - 16 + value % (1u << 21);
    case 11: return value;
    case 12: return 1u << value % 32;
    case 13: return (1u << value % 32) - 1;
    case 14: return 0;
    case 15: return value % (2 * PAGE_BYTES);
    case 16: return 1 + value % PROCESSES_LIKELY;
    case 17: return value % SIGNALS;
    case 18: return PROGRAM_START + value % (2 * PAGE_BYTES);
    default: return value % AREA_BYTES & ~(PAGE_BYTES - 1);
  }
}

/* exit and exit_group only end the caller, which is made anew then; reboot ends the machine, as it should. */
static uint32_t number_choose(uint32_t *random) {
  for (;;) {
    const uint32_t number = random_next(random) % NUMBERS;
    if (number == LINUX_EXIT || number == CALL_EXIT_GROUP || number == CALL_REBOOT) continue;
    if (!missing[number] || random_next(random) % RETRIED == 0) return number;
  }
}

void call_choose(struct random_call *call, uint32_t *random) {
  call->number = number_choose(random);
  for (uint32_t at = 0; at < CALL_ARGUMENTS; at++) call->arguments[at] = argument(random);
  const uint32_t word = random_next(random) % (PATHS_AT / sizeof(uint32_t)), value = argument(random);
  /* The area may be gone, or read-only, by a call of this process; then the process is, and another comes. */
  ((volatile uint32_t *)area)[word] = value;
}

/*
 * The child of vfork has its parent's stack, that of clone one of the fuzzer's choice: in both cases none that could be used, so it ends by
 * two instructions.
 */
static int32_t split_make(const uint32_t *words) {
  int32_t result;
  __asm__ volatile(
    "pushl %%ebp\n\t"
    "pushl %%ebx\n\t"
    "movl %1, %%eax\n\t"
    "movl 24(%%eax), %%ebp\n\t"
    "movl 20(%%eax), %%edi\n\t"
    "movl 16(%%eax), %%esi\n\t"
    "movl 12(%%eax), %%edx\n\t"
    "movl 8(%%eax), %%ecx\n\t"
    "movl 4(%%eax), %%ebx\n\t"
    "movl (%%eax), %%eax\n\t"
    "int $0x80\n\t"
    "testl %%eax, %%eax\n\t"
    "jnz 1f\n\t"
    "movl $1, %%eax\n\t"
    "int $0x80\n"
    "1:\n\t"
    "popl %%ebx\n\t"
    "popl %%ebp"
    : "=a"(result) : "r"(words) : "ecx", "edx", "esi", "edi", "memory");
  return result;
}

int32_t call_make(const struct random_call *call) {
  const uint32_t *a = call->arguments;
  if (call->number == CALL_CLONE || call->number == CALL_VFORK) return split_make(&call->number);
  const int32_t result = raw_call6(call->number, a[0], a[1], a[2], a[3], a[4], a[5]);
  if (result == -ERROR_NO_CALL) missing[call->number] = 1;
  return result;
}
