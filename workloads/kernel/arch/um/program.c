/* A process of the guest: its program runs until it stops, the kernel does what is to be done, and so on (arch.h). */
#include "arch/ported/events.h"
#include "base/text.h"
#include "interrupt-words.h"
#include "process/process.h"
#include "spaces.h"
#include "time.h"

/* Page-fault error code (Intel SDM vol. 3, 4.7). */
#define FAULT_WRITE 2u
/* What signals say of exceptions (sigaction(2)): code of SIGFPE, SIGBUS and SIGTRAP. */
#define CODE_INTEGER_DIVIDE 1
#define CODE_INTEGER_OVERFLOW 2
#define CODE_ALIGNMENT 1
#define CODE_BREAKPOINT_OF_KERNEL 128
#define DIVIDE_ERROR 0u
#define DEBUG 1u
#define BREAKPOINT 3u
#define OVERFLOW 4u
#define INVALID_OPCODE 6u
#define STACK_FAULT 12u
#define X87_ERROR 16u
#define ALIGNMENT 17u

volatile int32_t program_running;

static void registers_to_host(struct host_registers *host, const struct registers *r) {
  *host = (struct host_registers){
    r->ebx, r->ecx, r->edx, r->esi, r->edi, r->ebp, r->eax, r->ds, r->es, r->fs, r->gs, NO_CALL, r->eip, r->cs, r->eflags, r->esp, r->ss,
  };
}

static void registers_from_host(struct registers *r, const struct host_registers *host) {
  *r = (struct registers){
    host->ebx, host->ecx, host->edx, host->esi, host->edi, host->ebp, host->eax, host->ds, host->es, host->fs, host->gs,
    r->vector, r->error, host->eip, host->cs, host->eflags, host->esp, host->ss,
  };
}

/* Places in a code/data descriptor (Intel SDM vol. 3, figure 3-8). */
#define DESCRIPTOR_BASE_LOW_SHIFT 16
#define DESCRIPTOR_BASE_LOW_MASK 0xffffffu
#define DESCRIPTOR_WRITABLE_SHIFT 41
#define DESCRIPTOR_LIMIT_LOW_MASK 0xffffu
#define DESCRIPTOR_LIMIT_HIGH_SHIFT 32
#define DESCRIPTOR_LIMIT_HIGH_MASK 0xf0000u
#define DESCRIPTOR_GRANULARITY_SHIFT 55
#define DESCRIPTOR_BASE_HIGH_SHIFT 56
#define BASE_HIGH_SHIFT 24

static struct host_segment segment_to_host(uint32_t index, uint64_t descriptor) {
  const uint32_t number = THREAD_SEGMENT_FIRST + index;
  if (!descriptor) return (struct host_segment){ number, 0, 0, HOST_SEGMENT_READ_ONLY | HOST_SEGMENT_NOT_PRESENT };
  const bool writable = descriptor >> DESCRIPTOR_WRITABLE_SHIFT & 1, pages = descriptor >> DESCRIPTOR_GRANULARITY_SHIFT & 1;
  const uint32_t base = (uint32_t)(descriptor >> DESCRIPTOR_BASE_LOW_SHIFT) & DESCRIPTOR_BASE_LOW_MASK;
  const uint32_t limit = (uint32_t)descriptor & DESCRIPTOR_LIMIT_LOW_MASK;
  return (struct host_segment){
    number, base | (uint32_t)(descriptor >> DESCRIPTOR_BASE_HIGH_SHIFT) << BASE_HIGH_SHIFT, limit | ((uint32_t)(descriptor >> DESCRIPTOR_LIMIT_HIGH_SHIFT) & DESCRIPTOR_LIMIT_HIGH_MASK),
    HOST_SEGMENT_32 | (writable ? 0 : HOST_SEGMENT_READ_ONLY) | (pages ? HOST_SEGMENT_PAGES : 0) | HOST_SEGMENT_USEABLE,
  };
}

/* What this process of the guest's has and its process of the host's has not. */
static void segments_put(struct order *order, const struct arch_context *context, struct host_process *process) {
  order->segments_changed = 0;
  for (uint32_t index = 0; index < THREAD_SEGMENTS; index++) {
    if (process->segments[index] == context->thread_segments[index]) continue;
    process->segments[index] = context->thread_segments[index];
    order->segments[index] = segment_to_host(index, process->segments[index]);
    order->segments_changed |= 1u << index;
  }
}

/* Using the x87 shows only in its state. */
static void x87_look(struct arch_context *context) {
  for (uint32_t at = 0; !context->x87_used && at < X87_WORDS; at++) context->x87_used = context->x87[at] != x87_initial[at];
}

/* Lets the program run to its next stop. False, at once, if there is something to do before. */
static bool program_go(struct arch_context *context, struct registers *registers) {
  struct order *order = tracer_order;
  struct host_process *process = space_settle();
  /* From here on a signal to the kernel stops the program, too, as soon as it runs. */
  program_running = process->pid;
  __asm__ volatile("" : : : "memory");
  const bool goes = EVENTS_PENDING == 0;
  if (goes) {
    order->kind = ORDER_RUN;
    order->pid = process->pid;
    space_describe(order);
    segments_put(order, context, process);
    order->x87 = context->x87;
    registers_to_host(&order->registers, registers);
    tracer_obey();
  }
  program_running = 0;
  if (!goes) return false;
  registers_from_host(registers, &order->registers);
  x87_look(context);
  return true;
}

static void exception(struct registers *registers, uint32_t vector) {
  registers->vector = vector;
  registers->error = 0;
  kernel_exception(registers);
}

static void fault(struct registers *registers, const struct stop *stop) {
  registers->vector = stop->fault_vector;
  registers->error = stop->fault_error;
  if (registers->vector == EXCEPTION_PAGE_FAULT) kernel_page_fault(registers, stop->fault_address, registers->error & FAULT_WRITE, true);
  else kernel_exception(registers);
}

/* A signal that the processor caused is an exception; what others sent is nothing to the guest. */
static void signal(struct registers *registers, const struct stop *stop) {
  if (stop->code <= 0) return;
  switch (stop->signal) {
    case SIGTRAP: exception(registers, stop->code == CODE_BREAKPOINT_OF_KERNEL ? BREAKPOINT : DEBUG); break;
    case SIGILL: exception(registers, INVALID_OPCODE); break;
    case SIGBUS: exception(registers, stop->code == CODE_ALIGNMENT ? ALIGNMENT : STACK_FAULT); break;
    case SIGFPE:
      if (stop->code == CODE_INTEGER_DIVIDE) exception(registers, DIVIDE_ERROR);
      else exception(registers, stop->code == CODE_INTEGER_OVERFLOW ? OVERFLOW : X87_ERROR);
      break;
    default: break;
  }
}

static void stop_handle(struct registers *registers) {
  /* Others give orders before this one's consequences are over. */
  const struct stop stop = tracer_order->stop;
  if (EVENTS_PENDING) events_take(true);
  arch_interrupts_enable();
  switch (stop.kind) {
    case STOP_CALL:
      registers->vector = SYSTEM_CALL_VECTOR;
      registers->error = registers->eax = stop.call;
      kernel_system_call(registers);
      break;
    case STOP_FAULT: fault(registers, &stop); break;
    case STOP_SIGNAL: signal(registers, &stop); break;
  }
}

/* On the kernel stack of each process, for ever. */
__attribute__((noreturn)) void program_loop(void);
void program_loop(void) {
  for (;;) {
    struct arch_context *context = context_current();
    struct registers *registers = arch_user_registers(context);
    arch_interrupts_disable();
    kernel_leave(registers);
    if (program_go(context, registers)) stop_handle(registers);
    else events_take(false);
  }
}
