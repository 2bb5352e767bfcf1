/* The laboratory's own ports. */
#include "pc.h"

void arch_marker(uint8_t value) {
  port_write(MARKER_PORT, value);
}

__attribute__((noreturn)) void arch_power_off(uint16_t status) {
  if (status > UINT8_MAX) __asm__ volatile("outw %0, %1" : : "a"(status), "Nd"((uint16_t)DEBUG_EXIT_PORT));
  else port_write(DEBUG_EXIT_PORT, (uint8_t)status);
  for (;;) __asm__ volatile("cli; hlt");
}
