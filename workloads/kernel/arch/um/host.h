/* Calls of the host, and its structures. */
#ifndef UM_HOST_H
#define UM_HOST_H

#include "arch/common/common.h"
#include "host-numbers.h"

/* Makes a call and counts it; the answer is the host's, a negative error number if it failed. */
int32_t host_call(uint32_t number, uint32_t a, uint32_t b, uint32_t c, uint32_t d, uint32_t e, uint32_t f);
#define HOST_CALL_CHOOSE(_0, _1, _2, _3, _4, _5, _6, name, ...) name
#define HOST_CALL0(n) host_call(n, 0, 0, 0, 0, 0, 0)
#define HOST_CALL1(n, a) host_call(n, (uint32_t)(a), 0, 0, 0, 0, 0)
#define HOST_CALL2(n, a, b) host_call(n, (uint32_t)(a), (uint32_t)(b), 0, 0, 0, 0)
#define HOST_CALL3(n, a, b, c) host_call(n, (uint32_t)(a), (uint32_t)(b), (uint32_t)(c), 0, 0, 0)
#define HOST_CALL4(n, a, b, c, d) host_call(n, (uint32_t)(a), (uint32_t)(b), (uint32_t)(c), (uint32_t)(d), 0, 0)
#define HOST_CALL5(n, a, b, c, d, e) host_call(n, (uint32_t)(a), (uint32_t)(b), (uint32_t)(c), (uint32_t)(d), (uint32_t)(e), 0)
#define HOST_CALL6(n, a, b, c, d, e, f) host_call(n, (uint32_t)(a), (uint32_t)(b), (uint32_t)(c), (uint32_t)(d), (uint32_t)(e), (uint32_t)(f))
#define HOST(...) HOST_CALL_CHOOSE(__VA_ARGS__, HOST_CALL6, HOST_CALL5, HOST_CALL4, HOST_CALL3, HOST_CALL2, HOST_CALL1, HOST_CALL0)(__VA_ARGS__)

/* host-call.S */
int32_t host_call_raw(uint32_t number, uint32_t a, uint32_t b, uint32_t c, uint32_t d, uint32_t e, uint32_t f);
extern const char host_restorer[];

#define STDIN 0
#define STDOUT 1
#define STDERR 2
#define OPEN_READ 0u
#define OPEN_WRITE 1u
#define OPEN_READ_WRITE_LARGE 0x8002u

/* struct user_regs_struct. */
struct host_registers {
  uint32_t ebx, ecx, edx, esi, edi, ebp, eax, ds, es, fs, gs, original_eax, eip, cs, eflags, esp, ss;
};
#define HOST_REGISTERS_ORIGINAL_EAX offsetof(struct host_registers, original_eax)
#define NO_CALL 0xffffffffu

/* struct user_desc. */
struct host_segment {
  uint32_t number, base, limit, flags;
};
#define HOST_SEGMENT_32 0x01u
#define HOST_SEGMENT_READ_ONLY 0x08u
#define HOST_SEGMENT_PAGES 0x10u
#define HOST_SEGMENT_NOT_PRESENT 0x20u
#define HOST_SEGMENT_USEABLE 0x40u
#define HOST_SEGMENT_ANY 0xffffffffu

struct host_action {
  uint32_t handler, flags, restorer, mask[2];
};
#define HOST_MASK_BYTES 8u
struct host_stack {
  uint32_t start, flags, bytes;
};
#define SIGNAL_IO 29u
#define SIGNAL_BLOCK 0u
#define SIGNAL_UNBLOCK 1u

/* siginfo_t, as far as it is looked at. */
struct host_information {
  int32_t signal, error, code;
  uint32_t address, rest[28];
};
_Static_assert(sizeof(struct host_information) == 128, "siginfo_t");

/* wait4 */
#define WAIT_ALL 0x40000000u
#define STATUS_IS_STOP 0x7fu
#define STOP_IS_CALL 0x80u

/* host-counts.c: what was asked of the host. */
#define COUNTED_CALLS 400u
#define COUNTED_REQUESTS 64u
struct host_counts {
  uint32_t calls[COUNTED_CALLS], requests[COUNTED_REQUESTS], other_requests, stops;
  /* Stops by the timer's signal or the console's: of a program, of a stub. */
  uint32_t interrupted, interrupted_stubs;
  /* Made by stubs. */
  uint32_t maps, unmaps, protects, clones;
  /* How often the kernel's process has blocked; 0 where the host does not say. */
  uint32_t waits;
};
extern struct host_counts *host_counts;
void host_counts_mark(uint8_t value);
void host_counts_print(void);

struct host_options {
  uint32_t memory_bytes;
  const char *archive, *disk, *command_line;
  enum { TT, SKAS0, SKAS3 } arrangement;
  bool counts, no_sysemu;
};
extern struct host_options host_options;
/* The file of physical memory. */
extern int32_t host_memory_file;

/* Says why this cannot work here, and ends with status 2. */
__attribute__((noreturn, format(printf, 1, 2))) void refuse(const char *format, ...);

#endif
