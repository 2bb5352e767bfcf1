/* Pipes, with and without names. */
#ifndef FILES_PIPE_H
#define FILES_PIPE_H

#include "files/file.h"

/* The file of a named pipe; waits for the other end as POSIX wants. */
struct file *pipe_open(struct inode *inode, uint32_t flags);
/* Two files on a new pipe, or an error. */
int pipe_make(struct file **reader, struct file **writer, uint32_t flags);
void pipe_free(struct pipe *pipe);

#endif
