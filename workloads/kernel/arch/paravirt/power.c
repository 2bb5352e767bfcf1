/* Markers and the end. */
#include "paravirt.h"

void arch_marker(uint8_t value) {
  hypercall(CALL_MARK, value, 0, 0);
}

__attribute__((noreturn)) void arch_power_off(uint16_t status) {
  for (;;) hypercall(CALL_TERMINATE, status, 0, 0);
}
