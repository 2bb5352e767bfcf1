/* Where every entry to the kernel arrives, and access to user memory that may end in one. */
#include "base/text.h"
#include "shared-space.h"

/* Page-fault error code (Intel SDM vol. 3, 4.7). */
#define FAULT_WRITE 2u
#define FAULT_USER 4u
/* REP MOVSD and REP STOSD; the byte forms are one less (Intel SDM vol. 2, MOVS and STOS). */
#define OPCODE_WIDE 1u

/* Ends a user_copy or user_fill that touched what the program may not touch. */
static bool user_access_failed(struct registers *registers) {
  if (registers->eip < (uint32_t)user_access_start || registers->eip >= (uint32_t)user_access_end) return false;
  const uint8_t opcode = *(const uint8_t *)(registers->eip + 1);
  registers->eax = opcode & OPCODE_WIDE ? 4 : 1;
  registers->eip = (uint32_t)user_access_fault;
  return true;
}

static void page_fault(struct registers *registers) {
  const uint32_t address = fault_address();
  const bool user = registers->error & FAULT_USER;
  if (registers->eflags & FLAG_INTERRUPT) arch_interrupts_enable();
  if (kernel_page_fault(registers, address, registers->error & FAULT_WRITE, user) || user_access_failed(registers)) return;
  panic("page fault at %8x, address %8x, error %x", registers->eip, address, registers->error);
}

static void exception(struct registers *registers) {
  if (registers->vector == EXCEPTION_PAGE_FAULT) {
    page_fault(registers);
  } else if (!arch_from_user(registers)) {
    panic("exception %u at %8x, error %x", registers->vector, registers->eip, registers->error);
  } else if (registers->vector == EXCEPTION_NO_X87) {
    x87_unavailable();
  } else {
    arch_interrupts_enable();
    kernel_exception(registers);
  }
}

/* Called from entry.h, as trap_finish is. */
void trap(struct registers *registers);
void trap_finish(struct registers *registers);

void trap(struct registers *registers) {
  if (registers->vector == SYSTEM_CALL_VECTOR) {
    arch_interrupts_enable();
    kernel_system_call(registers);
  } else if (registers->vector >= INTERRUPT_VECTOR_FIRST) {
    interrupt(registers);
  } else {
    exception(registers);
  }
  arch_interrupts_disable();
  if (arch_from_user(registers)) kernel_leave(registers);
  mappings_settle();
}

void trap_finish(struct registers *registers) {
  arch_interrupts_disable();
  kernel_leave(registers);
  mappings_settle();
}

static bool user_range(uint32_t address, uint32_t bytes) {
  return address <= USER_END && bytes <= USER_END - address;
}

uint32_t arch_copy_from_user(void *to, uint32_t from, uint32_t bytes) {
  if (!user_range(from, bytes)) return bytes;
  mappings_settle();
  return user_copy(to, (const void *)from, bytes);
}

uint32_t arch_copy_to_user(uint32_t to, const void *from, uint32_t bytes) {
  if (!user_range(to, bytes)) return bytes;
  mappings_settle();
  return user_copy((void *)to, from, bytes);
}

uint32_t arch_clear_user(uint32_t to, uint32_t bytes) {
  if (!user_range(to, bytes)) return bytes;
  mappings_settle();
  return user_fill((void *)to, bytes);
}
