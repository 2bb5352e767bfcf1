/* Port rights of programs (ioperm, iopl). */
#include "base/errors.h"
#include "base/text.h"
#include "memory/heap.h"
#include "pc.h"

#define LEVEL_MOST 3u

int context_ports_copy(struct arch_context *child, const struct arch_context *parent) {
  if (!parent->port_map) return 0;
  child->port_map = heap_take(PORT_MAP_BYTES);
  if (!child->port_map) return -ENOMEM;
  memcpy(child->port_map, parent->port_map, PORT_MAP_BYTES);
  return 0;
}

void context_ports_free(struct arch_context *context) {
  heap_free(context->port_map);
  context->port_map = NULL;
  if (context == context_current()) descriptors_ports_set(NULL);
}

int arch_ports_allow(struct arch_context *context, uint32_t first, uint32_t count, bool allow) {
  if (first > PORT_MAP_PORTS || count > PORT_MAP_PORTS - first) return -EINVAL;
  if (!context->port_map) {
    context->port_map = heap_take(PORT_MAP_BYTES);
    if (!context->port_map) return -ENOMEM;
    memset(context->port_map, 0xff, PORT_MAP_BYTES);
  }
  for (uint32_t port = first; port < first + count; port++) {
    const uint8_t bit = (uint8_t)(1u << port % 8);
    if (allow) context->port_map[port / 8] &= (uint8_t)~bit;
    else context->port_map[port / 8] |= bit;
  }
  descriptors_ports_set(context->port_map);
  return 0;
}

int arch_ports_level(struct arch_context *context, uint32_t level) {
  struct registers *registers = arch_user_registers(context);
  if (level > LEVEL_MOST) return -EINVAL;
  registers->eflags = (registers->eflags & ~FLAGS_KEPT) | level << FLAG_PORT_LEVEL_SHIFT;
  return 0;
}
