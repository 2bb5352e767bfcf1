/* A machine whose programs get no ports. */
#include "base/errors.h"
#include "arch/common/common.h"

int context_ports_copy(struct arch_context *child, const struct arch_context *parent) {
  (void)child, (void)parent;
  return 0;
}

void context_ports_free(struct arch_context *context) {
  (void)context;
}

int arch_ports_allow(struct arch_context *context, uint32_t first, uint32_t count, bool allow) {
  (void)context, (void)first, (void)count, (void)allow;
  return -ENOSYS;
}

int arch_ports_level(struct arch_context *context, uint32_t level) {
  (void)context, (void)level;
  return -ENOSYS;
}
