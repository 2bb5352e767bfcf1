#include "devices/disk-queue.h"

#include "arch/arch.h"
#include "process/process.h"

/* What the interrupt leaves for housekeeping. */
volatile bool disk_answer_waits;
static volatile int answer_error;

/* From the start of a transfer until whoever asked for it has its answer. */
static bool disk_taken;
static bool answered;
static struct wait_queue next_to_ask, answer;

void kernel_disk_answer(int error) {
  answer_error = error;
  disk_answer_waits = true;
}

/* Not done by the interrupt itself: it may come while the kernel changes the queues. */
void disk_answer_take(void) {
  if (!disk_answer_waits) return;
  disk_answer_waits = false;
  answered = true;
  wake_all(&answer);
}

int disk_transfer(uint32_t sector, uint32_t count, void *buffer, bool write) {
  while (disk_taken) wait_undisturbed(&next_to_ask);
  disk_taken = true;
  answered = false;
  arch_disk_begin(sector, count, buffer, write);
  while (!answered) wait_undisturbed(&answer);
  const int error = answer_error;
  disk_taken = false;
  wake_all(&next_to_ask);
  return error;
}
