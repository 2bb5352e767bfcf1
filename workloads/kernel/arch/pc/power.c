/* The laboratory's own ports, and what the processor says of itself. */
#include "base/text.h"
#include "pc.h"

void arch_marker(uint8_t value) {
  port_write(MARKER_PORT, value);
}

__attribute__((noreturn)) void arch_power_off(uint16_t status) {
  if (status > UINT8_MAX) __asm__ volatile("outw %0, %1" : : "a"(status), "Nd"((uint16_t)DEBUG_EXIT_PORT));
  else port_write(DEBUG_EXIT_PORT, (uint8_t)status);
  for (;;) __asm__ volatile("cli; hlt");
}

/* CPUID leaves 0 and 1 (Intel SDM vol. 2, CPUID). */
void arch_processor(struct processor_identity *identity) {
  uint32_t leaf = 0, ebx, ecx, edx;
  __asm__ volatile("cpuid" : "+a"(leaf), "=b"(ebx), "=c"(ecx), "=d"(edx));
  memcpy(identity->vendor, &ebx, 4);
  memcpy(identity->vendor + 4, &edx, 4);
  memcpy(identity->vendor + 8, &ecx, 4);
  identity->vendor[12] = '\0';
  uint32_t signature = 1;
  __asm__ volatile("cpuid" : "+a"(signature), "=b"(ebx), "=c"(ecx), "=d"(edx));
  identity->family = signature >> 8 & 0xf;
  identity->model = signature >> 4 & 0xf;
  identity->stepping = signature & 0xf;
  identity->features = edx;
}
