/* What of a process the monitor must know while it runs. */
#include "base/text.h"
#include "paravirt.h"

void segments_load(struct arch_context *context) {
  /* What the monitor has. */
  static uint64_t loaded[THREAD_SEGMENTS];
  for (uint32_t index = 0; index < THREAD_SEGMENTS; index++) {
    const uint64_t segment = context->thread_segments[index];
    if (loaded[index] == segment) continue;
    loaded[index] = segment;
    if (!hypercall(CALL_SEGMENT, index, (uint32_t)segment, (uint32_t)(segment >> 32))) panic("the monitor refused a segment");
  }
}

void context_load(struct arch_context *to) {
  MACHINE->kernel_stack = to->stack_top;
  segments_load(to);
  x87_switch(to);
}

void x87_trap_set(bool value) {
  MACHINE->x87_trap = value;
}
