/* What every port has, and what it asks of the port. A port's layout.h says where things are. */
#ifndef COMMON_COMMON_H
#define COMMON_COMMON_H

#include "arch/arch.h"
#include "layout.h"
#include "page-entry.h"

/* EFLAGS (Intel SDM vol. 1, 3.4.3). */
#define FLAG_ALWAYS 0x00000002u
#define FLAG_TRAP 0x00000100u
#define FLAG_INTERRUPT 0x00000200u
/* CF, PF, AF, ZF, SF, TF, DF, OF, AC: what sigreturn may set. */
#define FLAGS_OF_USER 0x00040dd5u

/* ---- start.c ---- */
void start_command_line(const char *text);
/* The archive lies in physical memory. */
void start_archive(uint32_t start, uint32_t bytes);
/* Gives the kernel the memory from `free` to `memory_end`, but for the archive. */
void start_memory(uint32_t free, uint32_t memory_end);
/* Physical borders of the pages with the archive; both `memory_end` without one. */
struct archive_pages {
  uint32_t start, end;
};
struct archive_pages start_archive_pages(uint32_t memory_end);

/* ---- tables.c: what is mapped in programs' spaces, as page tables in the processor's format ---- */

/* Available to software: the frame belongs to the mapping although nobody may use it. */
#define PAGE_HELD 0x200u
#define DIRECTORY_SHIFT 22
#define USER_ENTRIES (USER_END >> DIRECTORY_SHIFT)
/* Gives back the tables of a space and its directory. */
void tables_free(struct arch_space *space);

/* The port's: there is to be a table for `address`, 0 or -ENOMEM; an entry has changed. */
int mapping_prepare(struct arch_space *space, uint32_t address);
void mapping_changed(struct arch_space *space, uint32_t address, uint32_t before, uint32_t now);

/* ---- context.c ---- */
struct arch_context *context_current(void);

/* The port's: kernel stacks; what of a process must be in the machine while it runs; segments of the current process that changed. */
int stack_map(uint32_t slot);
void stack_unmap(uint32_t slot);
void context_load(struct arch_context *to);
void segments_load(struct arch_context *context);
/* The port's, or no-ports.c. */
int context_ports_copy(struct arch_context *child, const struct arch_context *parent);
void context_ports_free(struct arch_context *context);
/* The port's: brings the x87 state of a process from the processor to its context and takes the processor from it; the second drops it. */
void x87_flush(struct arch_context *context);
void x87_drop(struct arch_context *context);

/* switch.S; and where a process returns to user mode for the first time, the port's. */
void switch_stacks(uint32_t *from_esp, uint32_t to_esp);
extern const char first_return[];

#endif
