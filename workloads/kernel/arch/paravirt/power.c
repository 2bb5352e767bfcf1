/* Markers, the end, and what the processor says of itself. */
#include "base/text.h"
#include "paravirt.h"

void arch_marker(uint8_t value) {
  hypercall(CALL_MARK, value, 0, 0);
}

__attribute__((noreturn)) void arch_power_off(uint16_t status) {
  for (;;) hypercall(CALL_TERMINATE, status, 0, 0);
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
