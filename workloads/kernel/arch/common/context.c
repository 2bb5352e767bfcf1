/* Processes as every port sees them: kernel stack, registers at the entry to the kernel, thread-local segments. */
#include "base/errors.h"
#include "base/text.h"
#include "arch/common/common.h"

/* What switch_stacks pops, in its order. */
struct switch_frame {
  uint32_t ebx, esi, edi, ebp, eip;
};

/* Access byte of a descriptor. Bit 0, accessed, is set so that the processor never writes the table. */
#define ACCESS_DATA_RING3 0xf3u
#define ACCESS_READ_ONLY 0xf1u
#define ACCESS_SHIFT 40
#define GRANULARITY_SIZE_SHIFT 52
#define SIZE_32 0x4u
#define GRANULAR 0x8u
#define SELECTOR_RING 3u
#define SELECTOR_RING3 3u
#define SELECTOR_LOCAL 4u

static struct arch_context boot_context;
static struct arch_context *current = &boot_context;

struct arch_context *context_current(void) {
  return current;
}

int arch_context_make(struct arch_context *context, uint32_t slot) {
  const int error = stack_map(slot);
  if (error) return error;
  context->stack_top = STACKS_BASE + (slot + 1) * STACK_SLOT_BYTES;
  return 0;
}

void arch_context_free(struct arch_context *context, uint32_t slot) {
  x87_drop(context);
  context_ports_free(context);
  stack_unmap(slot);
}

struct registers *arch_user_registers(struct arch_context *context) {
  return (struct registers *)context->stack_top - 1;
}

static void stack_prepare(struct arch_context *context) {
  struct switch_frame *frame = (struct switch_frame *)arch_user_registers(context) - 1;
  memset(frame, 0, sizeof *frame);
  frame->eip = (uint32_t)first_return;
  context->esp = (uint32_t)frame;
}

int arch_context_copy(struct arch_context *child, struct arch_context *parent) {
  const int error = context_ports_copy(child, parent);
  if (error) return error;
  x87_flush(parent);
  memcpy(child->thread_segments, parent->thread_segments, sizeof child->thread_segments);
  memcpy(child->x87, parent->x87, sizeof child->x87);
  child->x87_used = parent->x87_used;
  *arch_user_registers(child) = *arch_user_registers(parent);
  stack_prepare(child);
  return 0;
}

void arch_context_reset(struct arch_context *context) {
  x87_drop(context);
  context->x87_used = false;
  memset(context->thread_segments, 0, sizeof context->thread_segments);
  context_ports_free(context);
  if (context == current) segments_load(context);
}

void arch_switch(struct arch_context *from, struct arch_context *to) {
  current = to;
  context_load(to);
  switch_stacks(&from->esp, to->esp);
}

__attribute__((noreturn)) void arch_enter_user(struct arch_context *context) {
  uint32_t unused;
  stack_prepare(context);
  current = context;
  context_load(context);
  switch_stacks(&unused, context->esp);
  __builtin_unreachable();
}

void arch_registers_start(struct registers *registers, uint32_t eip, uint32_t esp) {
  memset(registers, 0, sizeof *registers);
  registers->eip = eip;
  registers->esp = esp;
  registers->cs = USER_CODE;
  registers->ds = registers->es = registers->ss = USER_DATA;
  registers->eflags = FLAG_ALWAYS | FLAG_INTERRUPT;
}

bool arch_from_user(const struct registers *registers) {
  return (registers->cs & SELECTOR_RING) == SELECTOR_RING3;
}

/* Loading it again on the way out of the kernel must not fault. */
static bool data_selector_valid(const struct arch_context *context, uint32_t selector) {
  if (selector == USER_DATA || selector == USER_CODE) return true;
  const uint32_t index = (selector >> 3) - THREAD_SEGMENT_FIRST;
  if ((selector & (SELECTOR_LOCAL | SELECTOR_RING)) != SELECTOR_RING3 || index >= THREAD_SEGMENTS) return false;
  return context->thread_segments[index] != 0;
}

static void data_selectors_sanitize(const struct arch_context *context, struct registers *registers) {
  uint32_t *selectors[] = { &registers->ds, &registers->es, &registers->fs, &registers->gs };
  for (uint32_t at = 0; at < COUNT_OF(selectors); at++) {
    *selectors[at] &= 0xffff;
    if (!data_selector_valid(context, *selectors[at])) *selectors[at] = 0;
  }
}

void arch_registers_sanitize(struct arch_context *context, struct registers *registers) {
  const uint32_t kept = arch_user_registers(context)->eflags & FLAGS_KEPT;
  registers->cs = USER_CODE;
  registers->ss = USER_DATA;
  registers->eflags = (registers->eflags & FLAGS_OF_USER) | FLAG_ALWAYS | FLAG_INTERRUPT | kept;
  data_selectors_sanitize(context, registers);
}

/* Code/data descriptor, bases and limits split as in Intel SDM vol. 3, figure 3-8. */
void arch_thread_segment(struct arch_context *context, uint32_t index, const struct thread_segment *segment) {
  const uint64_t access = segment->writable ? ACCESS_DATA_RING3 : ACCESS_READ_ONLY;
  const uint64_t size = SIZE_32 | (segment->pages ? GRANULAR : 0);
  const uint64_t low = (segment->limit & 0xffff) | (uint64_t)(segment->base & 0xffffff) << 16;
  const uint64_t high = (uint64_t)(segment->limit >> 16 & 0xf) << 48 | (uint64_t)(segment->base >> 24) << 56;
  context->thread_segments[index] = segment->present ? low | high | access << ACCESS_SHIFT | size << GRANULARITY_SIZE_SHIFT : 0;
  if (context == current) {
    segments_load(context);
    data_selectors_sanitize(context, arch_user_registers(context));
  }
}

bool arch_thread_segment_free(const struct arch_context *context, uint32_t index) {
  return context->thread_segments[index] == 0;
}
