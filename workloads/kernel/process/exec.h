/* Starting programs. */
#ifndef PROCESS_EXEC_H
#define PROCESS_EXEC_H

#include "base/types.h"

/* Arguments and environment in the kernel's pages: texts one after the other, each with its zero. */
#define EXEC_PAGES 32u
struct exec_texts {
  uint8_t *pages[EXEC_PAGES];
  uint32_t length, arguments, environment;
  /* Where the environment begins. */
  uint32_t environment_at;
};
int exec_text_add(struct exec_texts *texts, const char *text);
void exec_texts_free(struct exec_texts *texts);

struct inode;
/* Replaces the current process's program; frees the texts. On an error the old program is as it was. */
int exec_program(struct inode *inode, struct exec_texts *texts, const char *path, uint32_t depth);

#endif
