/* ELF programs for i386, statically linked. */
#ifndef PROCESS_ELF_H
#define PROCESS_ELF_H

#include "memory/space.h"
#include "process/exec.h"

struct elf_program {
  uint32_t entry, headers, header_count, break_start;
};

/* Maps a program into an empty space. 0, -ENOEXEC, -ENOMEM. */
int elf_load(struct inode *inode, struct space *space, struct elf_program *program);
/* Puts texts, their addresses and the auxiliary vector on the stack of the current space. 0 or -EFAULT. */
int elf_stack_build(const struct elf_program *program, const struct exec_texts *texts, uint32_t *stack);

#endif
