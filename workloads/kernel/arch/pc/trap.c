/* Where every entry to the kernel arrives, and access to user memory that may end in one. */
#include "base/text.h"
#include "pc.h"

/* Page-fault error code (Intel SDM vol. 3, 4.7). */
#define FAULT_WRITE 2u
#define FAULT_USER 4u
#define TIMER_LINE 0
/* REP MOVSD and REP STOSD; the byte forms are one less (Intel SDM vol. 2, MOVS and STOS). */
#define OPCODE_WIDE 1u

static void line_interrupt(struct registers *registers) {
  const uint32_t line = registers->vector - DEVICE_VECTOR_FIRST;
  if (!interrupts_begin(line)) return;
  if (line == TIMER_LINE) kernel_tick(arch_from_user(registers));
  else device_interrupt(line);
  interrupts_end(line);
}

/* Ends a user_copy or user_fill that touched what the program may not touch. */
static bool user_access_failed(struct registers *registers) {
  if (registers->eip < (uint32_t)user_access_start || registers->eip >= (uint32_t)user_access_end) return false;
  const uint8_t opcode = *(const uint8_t *)(registers->eip + 1);
  registers->eax = opcode & OPCODE_WIDE ? 4 : 1;
  registers->eip = (uint32_t)user_access_fault;
  return true;
}

static void page_fault(struct registers *registers) {
  uint32_t address;
  __asm__ volatile("movl %%cr2, %0" : "=r"(address));
  const bool user = registers->error & FAULT_USER;
  if (registers->eflags & FLAG_INTERRUPT) arch_interrupts_enable();
  if (kernel_page_fault(registers, address, registers->error & FAULT_WRITE, user) || user_access_failed(registers)) return;
  panic("page fault at %8x, address %8x, error %x", registers->eip, address, registers->error);
}

static void exception(struct registers *registers) {
  if (registers->vector == EXCEPTION_PAGE_FAULT) {
    page_fault(registers);
  } else if (registers->vector == EXCEPTION_NO_X87) {
    if (!arch_from_user(registers)) panic("x87 used in the kernel at %8x", registers->eip);
    x87_unavailable();
  } else if (arch_from_user(registers)) {
    arch_interrupts_enable();
    kernel_exception(registers);
  } else {
    panic("exception %u at %8x, error %x", registers->vector, registers->eip, registers->error);
  }
}

void trap(struct registers *registers) {
  if (registers->vector == SYSTEM_CALL_VECTOR) {
    arch_interrupts_enable();
    kernel_system_call(registers);
  } else if (registers->vector >= DEVICE_VECTOR_FIRST) {
    line_interrupt(registers);
  } else {
    exception(registers);
  }
  arch_interrupts_disable();
  if (arch_from_user(registers)) kernel_leave(registers);
}

void trap_finish(struct registers *registers) {
  arch_interrupts_disable();
  kernel_leave(registers);
}

static bool user_range(uint32_t address, uint32_t bytes) {
  return address <= USER_END && bytes <= USER_END - address;
}

uint32_t arch_copy_from_user(void *to, uint32_t from, uint32_t bytes) {
  return user_range(from, bytes) ? user_copy(to, (const void *)from, bytes) : bytes;
}

uint32_t arch_copy_to_user(uint32_t to, const void *from, uint32_t bytes) {
  return user_range(to, bytes) ? user_copy((void *)to, from, bytes) : bytes;
}

uint32_t arch_clear_user(uint32_t to, uint32_t bytes) {
  return user_range(to, bytes) ? user_fill((void *)to, bytes) : bytes;
}
