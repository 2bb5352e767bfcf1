/* Letting traced processes run, and what their stops mean (ptrace(2)). */
#include "tracer.h"

#include "base/errors.h"
#include "base/text.h"
#include "process/signals.h"

#define STOP_OPTIONS (PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL)

/* The space that the traced process is in, with skas3. */
static int32_t memory_now = NO_MEMORY;

static int32_t trace(uint32_t request, int32_t pid, uint32_t address, const void *data) {
  return HOST(HOST_PTRACE, request, pid, address, data);
}

static void trace_surely(uint32_t request, int32_t pid, uint32_t address, const void *data) {
  const int32_t error = trace(request, pid, address, data);
  if (error < 0) panic("the host refused ptrace request %x: error %d", request, -error);
}

/* The signal of the next stop. */
static uint32_t stop_await(int32_t pid) {
  uint32_t status = 0;
  int32_t found;
  do {
    found = HOST(HOST_WAIT4, pid, &status, WAIT_ALL, 0);
  } while (found == -EINTR);
  if (found != pid) panic("the host does not know process %d: error %d", pid, -found);
  if ((status & 0xff) != STATUS_IS_STOP) panic("process %d of the host is gone, status %x", pid, status);
  host_counts->stops++;
  return status >> 8 & 0xff;
}

/* By what the kernel sent when it was interrupted; a stub is interrupted by what came too late for a program. */
static bool stop_is_interrupt(uint32_t signal) {
  return signal == SIGALRM || signal == SIGNAL_IO;
}

/* Lets the stub run to its INT3. */
static void stub_await(int32_t pid, uint32_t signal) {
  trace_surely(PTRACE_CONT, pid, 0, (const void *)signal);
  uint32_t stop = stop_await(pid);
  while (stop_is_interrupt(stop)) {
    host_counts->interrupted_stubs++;
    trace_surely(PTRACE_CONT, pid, 0, NULL);
    stop = stop_await(pid);
  }
  if (stop != SIGTRAP) panic("the stub in process %d ended with signal %u", pid, stop);
}

static void stub_perform(const struct order *order) {
  const struct host_registers registers = {
    .ds = host_data_selector, .es = host_data_selector, .ss = host_data_selector, .cs = host_code_selector, .original_eax = NO_CALL,
    .eip = STUB_CODE + (uint32_t)(order->entry - stub_start), .esp = STUB_DATA + STUB_RECORDS, .eflags = FLAG_ALWAYS | FLAG_INTERRUPT,
  };
  trace_surely(PTRACE_SETREGS, order->pid, 0, &registers);
  stub_await(order->pid, 0);
}

static void state_put(struct order *order) {
  if (order->memory != memory_now) {
    trace_surely(PTRACE_SWITCH_MM, order->pid, 0, (const void *)order->memory);
    memory_now = order->memory;
  }
  for (uint32_t index = 0; index < THREAD_SEGMENTS; index++) {
    const struct host_segment *segment = &order->segments[index];
    if (order->segments_changed >> index & 1) trace_surely(PTRACE_SET_THREAD_AREA, order->pid, segment->number, segment);
  }
  order->registers.original_eax = NO_CALL;
  trace_surely(PTRACE_SETREGS, order->pid, 0, &order->registers);
  trace_surely(PTRACE_SETFPREGS, order->pid, 0, order->x87);
}

static void state_get(struct order *order) {
  trace_surely(PTRACE_GETREGS, order->pid, 0, &order->registers);
  trace_surely(PTRACE_GETFPREGS, order->pid, 0, order->x87);
}

/*
 * Entering a handler resets the x87 and all that came after it, and the stub's never returns; so this is kept meanwhile, in the widest form that the host has
 * (ptrace(2), PTRACE_GETREGSET). Without any there is the x87 alone, which is written at each run anyhow.
 */
#define REGISTERS_EXTENDED 0x202u
#define REGISTERS_X87 2u
#define EXTENDED_BYTES 0x4000u
static uint32_t vector_form;
static uint8_t vector_registers[EXTENDED_BYTES] __attribute__((aligned(64)));
struct host_buffer {
  void *start;
  uint32_t bytes;
};

static void vector_form_choose(int32_t pid) {
  static const uint32_t forms[] = { REGISTERS_EXTENDED, REGISTERS_X87 };
  for (uint32_t at = 0; vector_form == 0 && at < COUNT_OF(forms); at++) {
    const struct host_buffer buffer = { vector_registers, sizeof vector_registers };
    if (trace(PTRACE_GETREGSET, pid, forms[at], &buffer) >= 0) vector_form = forms[at];
  }
}

/* The host sets how many bytes there are. */
static void stub_await_fault(int32_t pid) {
  struct host_buffer buffer = { vector_registers, sizeof vector_registers };
  if (vector_form) trace_surely(PTRACE_GETREGSET, pid, vector_form, &buffer);
  stub_await(pid, SIGSEGV);
  if (vector_form) trace_surely(PTRACE_SETREGSET, pid, vector_form, &buffer);
}

/* The processor's account of an exception: the host tells it to a handler of signals only, unless it was changed for this. */
static void fault_get(struct order *order) {
  if (host_options.arrangement == SKAS3) {
    uint32_t fault[3];
    trace_surely(PTRACE_FAULTINFO, order->pid, 0, fault);
    order->stop.fault_error = fault[0];
    order->stop.fault_address = fault[1];
    order->stop.fault_vector = fault[2];
    return;
  }
  stub_await_fault(order->pid);
  order->stop.fault_error = order->stub->fault_error;
  order->stop.fault_address = order->stub->fault_address;
  order->stop.fault_vector = order->stub->fault_vector;
}

static void call_annul(const struct order *order) {
  trace_surely(PTRACE_POKEUSR, order->pid, HOST_REGISTERS_ORIGINAL_EAX, (const void *)NO_CALL);
  trace_surely(PTRACE_SYSCALL, order->pid, 0, NULL);
  const uint32_t signal = stop_await(order->pid);
  if (signal != (SIGTRAP | STOP_IS_CALL)) panic("an annulled call ended with signal %u", signal);
}

static void program_run(struct order *order) {
  state_put(order);
  const uint32_t request = host_options.no_sysemu ? PTRACE_SYSCALL : PTRACE_SYSEMU;
  const int32_t error = trace(request, order->pid, 0, NULL);
  if (error < 0) refuse("this host has no PTRACE_SYSEMU (error %d); sysemu=off does without", -error);
  const uint32_t signal = stop_await(order->pid);
  state_get(order);
  order->stop = (struct stop){ .kind = STOP_CALL, .call = order->registers.original_eax, .signal = signal };
  if (signal == (SIGTRAP | STOP_IS_CALL)) {
    if (host_options.no_sysemu) call_annul(order);
    return;
  }
  if (stop_is_interrupt(signal)) host_counts->interrupted++;
  struct host_information information;
  trace_surely(PTRACE_GETSIGINFO, order->pid, 0, &information);
  order->stop.code = information.code;
  order->stop.kind = signal == SIGSEGV && information.code > 0 ? STOP_FAULT : STOP_SIGNAL;
  if (order->stop.kind == STOP_FAULT) fault_get(order);
}

/* A new process stops by itself. */
static void adopt(struct order *order) {
  const uint32_t signal = stop_await(order->pid);
  if (signal != SIGTRAP) panic("process %d began with signal %u", order->pid, signal);
  trace_surely(PTRACE_SETOPTIONS, order->pid, 0, (const void *)STOP_OPTIONS);
}

static void begin(struct order *order) {
  const int32_t pid = HOST(HOST_CLONE, CLONE_FILES | CLONE_AT_END, 0, 0, 0, 0);
  if (pid == 0) nursery_begin();
  if (pid < 0) refuse("the host makes no process: error %d", -pid);
  order->pid = pid;
  adopt(order);
  trace_surely(PTRACE_GETFPREGS, pid, 0, order->x87);
  vector_form_choose(pid);
}

static void end(const struct order *order) {
  uint32_t status;
  HOST(HOST_KILL, order->pid, SIGKILL);
  while (HOST(HOST_WAIT4, order->pid, &status, WAIT_ALL, 0) == -EINTR) {}
}

static void obey(struct order *order) {
  switch (order->kind) {
    case ORDER_BEGIN: begin(order); break;
    case ORDER_ADOPT: adopt(order); break;
    case ORDER_RUN: program_run(order); break;
    case ORDER_STUB: stub_perform(order); break;
    case ORDER_END: end(order); break;
  }
}

/* ---- With `tt`, another process obeys. ---- */

struct tracer_page {
  struct order order;
  struct host_counts counts;
};
static struct order own_order;
struct order *tracer_order = &own_order;
static int32_t orders[2], answers[2];
/* In the kernel's process only. */
static int32_t tracer_pid;

static bool token_pass(int32_t to, int32_t from) {
  char token = 0;
  if (HOST(HOST_WRITE, to, &token, 1) != 1) return false;
  return HOST(HOST_READ, from, &token, 1) == 1;
}

void tracer_obey(void) {
  if (host_options.arrangement != TT) obey(tracer_order);
  else if (!token_pass(orders[1], answers[0])) panic("the tracer is gone");
}

__attribute__((noreturn)) static void tracer_live(void) {
  char token;
  /* Not even a kernel that is killed leaves programs running. */
  HOST(HOST_PRCTL, PRCTL_SET_DEATH_SIGNAL, SIGKILL);
  HOST(HOST_CLOSE, orders[1]);
  HOST(HOST_CLOSE, answers[0]);
  bool ordered = HOST(HOST_READ, orders[0], &token, 1) == 1;
  while (ordered) {
    obey(tracer_order);
    ordered = token_pass(answers[1], orders[0]);
  }
  for (;;) HOST(HOST_EXIT_GROUP, 0);
}

static void tracer_split(void) {
  struct tracer_page *page = (struct tracer_page *)HOST(HOST_MMAP2, 0, page_up(sizeof *page), PROT_READ_WRITE, MAP_SHARED_ANONYMOUS, -1, 0);
  if (is_error(page) || HOST(HOST_PIPE, orders) < 0 || HOST(HOST_PIPE, answers) < 0) refuse("the host gives the tracer no memory or pipes");
  page->counts = *host_counts;
  host_counts = &page->counts;
  tracer_order = &page->order;
  const int32_t pid = HOST(HOST_CLONE, CLONE_AT_END, 0, 0, 0, 0);
  if (pid < 0) refuse("the host makes no process: error %d", -pid);
  if (pid == 0) tracer_live();
  tracer_pid = pid;
  HOST(HOST_CLOSE, orders[0]);
  HOST(HOST_CLOSE, answers[1]);
}

void tracer_end(void) {
  uint32_t status;
  if (!tracer_pid) return;
  HOST(HOST_CLOSE, orders[1]);
  HOST(HOST_WAIT4, tracer_pid, &status, WAIT_ALL, 0);
}

void tracer_start(uint32_t *x87) {
  if (host_options.arrangement == TT) tracer_split();
  tracer_order->x87 = x87;
  tracer_order->memory = NO_MEMORY;
  tracer_order->kind = ORDER_BEGIN;
  tracer_obey();
}
