/*
 * Everything that depends on the machine under the kernel. A port is a folder beside `pc` that supplies these functions
 * and arch_context.h; the rest of the kernel uses nothing else of the machine. README.md says what each port needs.
 */
#ifndef ARCH_ARCH_H
#define ARCH_ARCH_H

#include "arch_context.h"
#include "base/types.h"

/* User addresses are below this; a port may use what is above for itself. */
#define USER_END 0xc0000000u

/* Registers of a user program at the entry to the kernel. User programs are IA-32 on every port. */
struct registers {
  uint32_t ebx, ecx, edx, esi, edi, ebp, eax;
  uint32_t ds, es, fs, gs;
  /* Why the kernel was entered; for a system call `error` is the number that was in EAX, else the error code. */
  uint32_t vector, error;
  uint32_t eip, cs, eflags, esp, ss;
};

/* ---- Start ---- */

struct boot_archive {
  const uint8_t *bytes;
  uint32_t length;
};
const char *arch_command_line(void);
struct boot_archive arch_archive(void);
/* Gives back the memory of the archive once it has been unpacked. */
void arch_archive_release(void);

/* ---- Memory: frames are named by their physical address ---- */

/* Where the kernel sees a frame. */
void *arch_frame_address(uint32_t physical);
uint32_t arch_frame_of(const void *address);

/* Bits of `rights`. A mapping without any is kept but faults; user programs can execute what they can read. */
#define RIGHT_READ 1u
#define RIGHT_WRITE 2u
#define NO_FRAME 0xffffffffu

int arch_space_make(struct arch_space *space);
/* The mappings must be gone. */
void arch_space_free(struct arch_space *space);
/* Null: no user program's space. */
void arch_space_use(const struct arch_space *space);
/* Replaces what was mapped; -ENOMEM when tables cannot be had, never for an address that is mapped. */
int arch_map(struct arch_space *space, uint32_t address, uint32_t frame, uint32_t rights);
/* Returns the frame that was mapped or NO_FRAME. */
uint32_t arch_unmap(struct arch_space *space, uint32_t address);
uint32_t arch_mapping(const struct arch_space *space, uint32_t address, uint32_t *rights);
/* The first mapped page in [from, end), or `end`. */
uint32_t arch_next_mapped(const struct arch_space *space, uint32_t from, uint32_t end);

/* ---- User memory of the current process; these return the number of bytes that could not be accessed ---- */

uint32_t arch_copy_from_user(void *to, uint32_t from, uint32_t bytes);
uint32_t arch_copy_to_user(uint32_t to, const void *from, uint32_t bytes);
uint32_t arch_clear_user(uint32_t to, uint32_t bytes);

/* ---- Processes ---- */

/* Kernel stacks are numbered; `slot` is below PROCESS_LIMIT. */
#define PROCESS_LIMIT 256
int arch_context_make(struct arch_context *context, uint32_t slot);
void arch_context_free(struct arch_context *context, uint32_t slot);
/* The registers with which the process entered the kernel. */
struct registers *arch_user_registers(struct arch_context *context);
/* Makes `child` return to user mode with the parent's registers as they now are, and with its other state; 0 or -ENOMEM. */
int arch_context_copy(struct arch_context *child, struct arch_context *parent);
/* What exec resets: x87, thread-local segments, port rights. */
void arch_context_reset(struct arch_context *context);
void arch_switch(struct arch_context *from, struct arch_context *to);
/* Turns the caller into its first user program; returns by `registers`. */
__attribute__((noreturn)) void arch_enter_user(struct arch_context *context);
/* Registers of a fresh program: everything zero but these two. */
void arch_registers_start(struct registers *registers, uint32_t eip, uint32_t esp);
/* Makes registers that a program supplied harmless (sigreturn). */
void arch_registers_sanitize(struct arch_context *context, struct registers *registers);
bool arch_from_user(const struct registers *registers);

/* The x87 state as FNSAVE stores it (Intel SDM vol. 1, 8.1.10). */
#define X87_BYTES 108
void arch_x87_read(struct arch_context *context, uint8_t *image);
void arch_x87_write(struct arch_context *context, const uint8_t *image);
/* Whether the process has used x87 since exec. */
bool arch_x87_used(const struct arch_context *context);

/* One of the thread-local segments (set_thread_area); the base and limit of Linux's user_desc. Programs number them from the port's THREAD_SEGMENT_FIRST. */
struct thread_segment {
  uint32_t base, limit;
  bool pages, writable, present;
};
#define THREAD_SEGMENTS 3
void arch_thread_segment(struct arch_context *context, uint32_t index, const struct thread_segment *segment);
bool arch_thread_segment_free(const struct arch_context *context, uint32_t index);

/* Port rights of a program; -ENOSYS where there are no ports, -ENOMEM. */
int arch_ports_allow(struct arch_context *context, uint32_t first, uint32_t count, bool allow);
int arch_ports_level(struct arch_context *context, uint32_t level);

/* ---- Interrupts and time ---- */

void arch_interrupts_enable(void);
void arch_interrupts_disable(void);
/* With interrupts disabled: waits for one and returns with them enabled. */
void arch_idle(void);
void arch_timer_start(void);
/* Nanoseconds since the last tick that was counted. */
uint32_t arch_nanoseconds_in_tick(void);

/* ---- Devices ---- */

void arch_console_start(void);
/* From now on kernel_console_byte is called, until kernel_console_has_room is false; after that, what is received waits for another call of this. */
void arch_console_listen(void);
void arch_console_write(const char *bytes, uint32_t count);
/* Standard output of a program without a terminal. */
void arch_host_write(const char *bytes, uint32_t count);

#define SECTOR_BYTES 512u
/* 0 without a disk. */
uint32_t arch_disk_sectors(void);
/*
 * Begins to move up to a page of sectors, at least one; `buffer` is the kernel's. kernel_disk_answer says when it is done, perhaps before this returns.
 * Only then may the next one begin.
 */
void arch_disk_begin(uint32_t sector, uint32_t count, void *buffer, bool write);

/* The laboratory's marker port. */
void arch_marker(uint8_t value);
/* A status beyond a byte says that the kernel has given up. */
__attribute__((noreturn)) void arch_power_off(uint16_t status);

struct processor_identity {
  char vendor[13];
  uint32_t family, model, stepping, features;
};
void arch_processor(struct processor_identity *identity);

/* ---- What the port calls ---- */

/* Everything is set up; interrupts are off. */
__attribute__((noreturn)) void kernel_main(void);
void kernel_system_call(struct registers *registers);
/* A page fault at `address`; false if it is the kernel's own and nothing can be done. */
bool kernel_page_fault(struct registers *registers, uint32_t address, bool write, bool user);
/* Any other exception in a user program. */
void kernel_exception(struct registers *registers);
/* Before a return to user mode, interrupts off at both ends. */
void kernel_leave(struct registers *registers);
/* With interrupts off, from the interrupt handlers; nothing else runs there. */
void kernel_tick(bool user);
bool kernel_console_has_room(void);
void kernel_console_byte(uint8_t byte);
/* The transfer that arch_disk_begin began is over: 0 or -EIO. */
void kernel_disk_answer(int error);
/* The memory that is free at the start; called by the port before kernel_main. */
void frames_add(uint32_t first, uint32_t end);

#endif
