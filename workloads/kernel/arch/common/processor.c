/* What the processor says of itself: CPUID leaves 0 and 1 (Intel SDM vol. 2, CPUID). */
#include "base/text.h"
#include "arch/common/common.h"

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
