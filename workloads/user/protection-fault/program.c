#include "checksum.h"
#include "program.h"

static volatile uint32_t *page;
static uint32_t faults;

/* Outside the page the fault is a bug of this program: a second one kills it. */
static void handler(int signal, struct signal_information *information, void *context) {
  (void)context;
  if (information->address != (void *)page) fail("fault at another address, signal", -signal);
  faults++;
  checked(call_mprotect((void *)page, PAGE_BYTES, PROT_READ | PROT_WRITE), "mprotect");
}

void workload_prepare(void) {
  page = pages_map(PAGE_BYTES, PROT_READ | PROT_WRITE);
  page[0] = 0;
  handle_signal_with_information(SIGSEGV, handler);
}

uint32_t workload_run(uint32_t scale) {
  for (uint32_t round = 0; round < scale; round++) {
    checked(call_mprotect((void *)page, PAGE_BYTES, PROT_READ), "mprotect");
    page[0] = round;
  }
  return fold(fold(CHECKSUM_SEED, faults), page[0]);
}
