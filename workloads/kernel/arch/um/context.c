/* What of a process goes with it: its registers and x87 state are put into the host's process at each run (program.c). */
#include "base/text.h"
#include "tracer.h"

unsigned host_code_selector, host_data_selector;
uint32_t host_thread_segment_first;
uint32_t x87_initial[X87_WORDS];

/* A slot's guard is made once. */
int stack_map(uint32_t slot) {
  static uint32_t guarded;
  for (; guarded <= slot; guarded++) HOST(HOST_MPROTECT, STACKS_BASE + guarded * STACK_SLOT_BYTES, STACK_SLOT_BYTES - STACK_BYTES, 0);
  return 0;
}

void stack_unmap(uint32_t slot) {
  (void)slot;
}

void context_load(struct arch_context *to) {
  (void)to;
}

void segments_load(struct arch_context *context) {
  (void)context;
}

void x87_flush(struct arch_context *context) {
  (void)context;
}

/* As a fresh process has it; every program begins so (arch_context_reset). */
void x87_drop(struct arch_context *context) {
  memcpy(context->x87, x87_initial, X87_BYTES);
}

bool arch_x87_used(const struct arch_context *context) {
  return context->x87_used;
}

void arch_x87_read(struct arch_context *context, uint8_t *image) {
  memcpy(image, context->x87, X87_BYTES);
}

void arch_x87_write(struct arch_context *context, const uint8_t *image) {
  context->x87_used = true;
  memcpy(context->x87, image, X87_BYTES);
}
