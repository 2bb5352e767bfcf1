/* What of a process must be in the processor while it runs. */
#include "pc.h"

#define CONTROL_TASK_SWITCHED 0x08u

void segments_load(struct arch_context *context) {
  descriptors_thread_set(context->thread_segments);
}

void context_load(struct arch_context *to) {
  descriptors_stack_set(to->stack_top);
  segments_load(to);
  descriptors_ports_set(to->port_map);
  x87_switch(to);
}

/* CR0.TS (Intel SDM vol. 3, 13.4). */
void x87_trap_set(bool value) {
  static bool set;
  if (value == set) return;
  set = value;
  if (value) {
    uint32_t control;
    __asm__ volatile("movl %%cr0, %0" : "=r"(control));
    __asm__ volatile("movl %0, %%cr0" : : "r"(control | CONTROL_TASK_SWITCHED) : "memory");
  } else {
    __asm__ volatile("clts" : : : "memory");
  }
}
