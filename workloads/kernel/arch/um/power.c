/* Markers and the end. */
#include "devices.h"
#include "host.h"
#include "tracer.h"

void arch_marker(uint8_t value) {
  HOST(HOST_MARK, value);
  if (host_options.counts) host_counts_mark(value);
}

__attribute__((noreturn)) void arch_power_off(uint16_t status) {
  if (host_options.counts) host_counts_print();
  tracer_end();
  console_restore();
  for (;;) HOST(HOST_EXIT_GROUP, status);
}
