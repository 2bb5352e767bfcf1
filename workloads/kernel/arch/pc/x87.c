/*
 * x87 state changes hands only when somebody uses it: CR0.TS makes the first use by another process trap (Intel SDM
 * vol. 3, 13.4). FNSAVE and FRSTOR only; no SSE is offered to programs.
 */
#include "base/text.h"
#include "pc.h"

#define CONTROL_TASK_SWITCHED 0x08u

static struct arch_context *owner;
static bool switched;

static void task_switched_set(bool value) {
  if (value == switched) return;
  switched = value;
  if (value) {
    uint32_t control;
    __asm__ volatile("movl %%cr0, %0" : "=r"(control));
    __asm__ volatile("movl %0, %%cr0" : : "r"(control | CONTROL_TASK_SWITCHED) : "memory");
  } else {
    __asm__ volatile("clts" : : : "memory");
  }
}

void x87_install(void) {
  task_switched_set(true);
}

void x87_switch(struct arch_context *to) {
  task_switched_set(to != owner);
}

static void owner_save(void) {
  if (!owner) return;
  task_switched_set(false);
  __asm__ volatile("fnsave %0" : "=m"(owner->x87) : : "memory");
  owner = NULL;
}

void x87_unavailable(void) {
  struct arch_context *current = context_current();
  owner_save();
  task_switched_set(false);
  if (current->x87_used) __asm__ volatile("frstor %0" : : "m"(current->x87));
  else __asm__ volatile("fninit");
  current->x87_used = true;
  owner = current;
}

void x87_flush(struct arch_context *context) {
  if (owner != context) return;
  owner_save();
  task_switched_set(true);
}

void x87_drop(struct arch_context *context) {
  if (owner != context) return;
  owner = NULL;
  task_switched_set(true);
}

bool arch_x87_used(const struct arch_context *context) {
  return context->x87_used;
}

void arch_x87_read(struct arch_context *context, uint8_t *image) {
  x87_flush(context);
  memcpy(image, context->x87, X87_BYTES);
}

void arch_x87_write(struct arch_context *context, const uint8_t *image) {
  x87_drop(context);
  context->x87_used = true;
  memcpy(context->x87, image, X87_BYTES);
}
