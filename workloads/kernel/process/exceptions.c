/* Faults of user programs become signals (Intel SDM vol. 3, 6.15 says which exception is what). */
#include "base/text.h"
#include "kernel.h"
#include "process/process.h"

#define DIVIDE_ERROR 0u
#define DEBUG 1u
#define BREAKPOINT 3u
#define INVALID_OPCODE 6u
#define STACK_FAULT 12u
#define PAGE_FAULT 14u
#define X87_ERROR 16u
#define ALIGNMENT 17u
#define SIMD_ERROR 19u
#define CODE_INTEGER_DIVIDE 1
#define CODE_ILLEGAL_OPERAND 2
#define CODE_BAD_ALIGNMENT 1
#define CODE_BREAKPOINT 1
#define CODE_FLOAT_INVALID 7

static void fault(const struct registers *registers, uint32_t address, uint32_t error, uint32_t signal, int32_t code) {
  struct signals *signals = &current->signals;
  signals->fault_vector = registers->vector;
  signals->fault_error = error;
  signals->fault_address = address;
  current->in_system_call = false;
  if (kernel_options.verbose && signals->actions[signal - 1].handler == HANDLER_DEFAULT) {
    print("process %u (%s): exception %u at %8x, address %8x, error %x\n", current->pid, current->name, registers->vector, registers->eip, address, error);
  }
  signal_force(signal, (struct signal_information){ code, address, 0 });
}

void kernel_exception(struct registers *registers) {
  const uint32_t at = registers->eip;
  switch (registers->vector) {
    case DIVIDE_ERROR: fault(registers, at, 0, SIGFPE, CODE_INTEGER_DIVIDE); break;
    case DEBUG: case BREAKPOINT: fault(registers, at, 0, SIGTRAP, CODE_BREAKPOINT); break;
    case INVALID_OPCODE: fault(registers, at, 0, SIGILL, CODE_ILLEGAL_OPERAND); break;
    case X87_ERROR: case SIMD_ERROR: fault(registers, at, 0, SIGFPE, CODE_FLOAT_INVALID); break;
    case STACK_FAULT: fault(registers, 0, registers->error, SIGBUS, CODE_KERNEL); break;
    case ALIGNMENT: fault(registers, 0, registers->error, SIGBUS, CODE_BAD_ALIGNMENT); break;
    default: fault(registers, 0, registers->error, SIGSEGV, CODE_KERNEL); break;
  }
}

bool kernel_page_fault(struct registers *registers, uint32_t address, bool write, bool user) {
  const bool in_range = address < USER_END;
  if (!current || (!user && (!in_range || !current->space))) return false;
  current->faults++;
  const int signal = in_range ? space_fault(current->space, address, write) : SIGSEGV;
  if (signal == 0) return true;
  if (!user) {
    /* The call fails with EFAULT; for want of memory the process must go, or it would try for ever. */
    if (signal == SIGKILL) signal_send(current, SIGKILL, (struct signal_information){ CODE_KERNEL, 0, 0 });
    return false;
  }
  if (signal == SIGKILL && current->pid != 1) print("out of memory: process %u (%s) is killed\n", current->pid, current->name);
  const bool mapped = in_range && space_region(current->space, address);
  fault(registers, address, registers->error, (uint32_t)signal, mapped ? CODE_FAULT_ACCESS : CODE_FAULT_UNMAPPED);
  return true;
}
