/* Orders to whoever traces the guest's processes: the kernel itself, or with `tt` a process of its own. */
#ifndef UM_TRACER_H
#define UM_TRACER_H

#include "host.h"

/* What a space and the kernel both see. layout.h has the offsets. */
#define STUB_RECORDS_MOST 140u
struct stub_record {
  uint32_t number, arguments[6];
};
struct stub_data {
  uint32_t result, fault_vector, fault_error, fault_address, child_page;
  int32_t memory_file;
  uint32_t unused[2];
  struct stub_record records[STUB_RECORDS_MOST];
  uint32_t end;
};
_Static_assert(offsetof(struct stub_data, child_page) == STUB_CHILD_PAGE && offsetof(struct stub_data, memory_file) == STUB_MEMORY_FILE, "layout.h");
_Static_assert(offsetof(struct stub_data, records) == STUB_RECORDS && sizeof(struct stub_data) <= PAGE_BYTES, "layout.h");

#define NO_MEMORY (-1)

/* How a program stopped: at a system call, by an exception of which the processor told more than the host's signal does, by another signal. */
struct stop {
  enum { STOP_CALL, STOP_FAULT, STOP_SIGNAL } kind;
  uint32_t call;
  uint32_t fault_vector, fault_error, fault_address;
  uint32_t signal;
  int32_t code;
};

struct order {
  enum { ORDER_BEGIN, ORDER_ADOPT, ORDER_RUN, ORDER_STUB, ORDER_END } kind;
  int32_t pid;
  /* ORDER_RUN: how the program goes on; then, how it stopped. `memory` is a descriptor of /proc/mm or NO_MEMORY. */
  struct host_registers registers;
  /* Of a context, in physical memory, which the tracer shares. */
  uint32_t *x87;
  uint32_t segments_changed;
  struct host_segment segments[THREAD_SEGMENTS];
  int32_t memory;
  const struct stub_data *stub;
  struct stop stop;
  /* ORDER_STUB: an entry of the stub, as an address of the image. */
  const char *entry;
};

extern struct order *tracer_order;
/* Carries out *tracer_order and waits for that. */
void tracer_obey(void);
/* Makes the first traced process; its x87 state goes to `x87`, in physical memory. */
void tracer_start(uint32_t *x87);
/* Ends the tracer, if it is another process. */
void tracer_end(void);
/* The x87 state of a fresh process. */
#define X87_WORDS (X87_BYTES / sizeof(uint32_t))
extern uint32_t x87_initial[X87_WORDS];

/* stub.S */
extern const char stub_start[], stub_end[], stub_run[], stub_fault[], stub_clone[];

/* spaces.c: what the first process does before its first stop. */
__attribute__((noreturn)) void nursery_begin(void);

#endif
