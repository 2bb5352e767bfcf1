/* Address spaces as processes of the host's. */
#ifndef UM_SPACES_H
#define UM_SPACES_H

#include "tracer.h"

/* Tells the host what has changed in the current space; the process that runs in it. */
struct host_process *space_settle(void);
/* Fills in what an order to run in the current space needs. */
void space_describe(struct order *order);
/* Makes the first process. */
void spaces_start(void);

#endif
