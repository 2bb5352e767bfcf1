/* The monitor of a program in virtual-8086 mode. */
#ifndef MONITOR_H
#define MONITOR_H

#include <stdint.h>

/* As the fault's entry leaves it on the stack, PUSHAL's registers first (Intel SDM vol. 3, figure 20-4). */
struct trap_frame {
  uint32_t edi, esi, ebp, unused_esp, ebx, edx, ecx, eax;
  uint32_t error, eip, cs, eflags, esp, ss, es, ds, fs, gs;
};

/* Emulates the instruction that faulted. Returns 0 at the program's HLT, and keeps the frame's registers then. */
int monitor_emulate(struct trap_frame *frame);

/* Enters the program with the registers of the frame and returns when it has ended. */
void virtual_8086_enter(const struct trap_frame *frame);

void general_protection_entry(void);

/* main.c: ends the run. */
__attribute__((noreturn)) void trap_unexpected(uint32_t vector, uint32_t error, uint32_t eip);

#endif
