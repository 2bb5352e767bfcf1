/* Process groups that a shell stops and continues (POSIX.1-2017, 3.264 "Orphaned Process Group" and 2.4.3). */
#ifndef PROCESS_JOBS_H
#define PROCESS_JOBS_H

#include "process/process.h"

/* Whether no member has a parent in another group of its session, who could continue it. `leaving` is counted no more; null for none. */
bool group_orphaned(uint32_t group, uint32_t session, const struct process *leaving);
/* The current process ends: groups that this makes orphans are told, if a member is stopped. Its children are still its children. */
void groups_leave(void);

#endif
