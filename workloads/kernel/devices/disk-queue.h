/* Transfers of the disk, one at a time. Who asks sleeps, and others run. */
#ifndef DEVICES_DISK_QUEUE_H
#define DEVICES_DISK_QUEUE_H

#include "base/types.h"

/* Sleeps until up to a page has been moved, whatever signals come meanwhile; 0 or -EIO. `buffer` must stay until then. */
int disk_transfer(uint32_t sector, uint32_t count, void *buffer, bool write);
/* Set by the port's interrupt, for housekeeping, which calls disk_answer_take. */
extern volatile bool disk_answer_waits;
void disk_answer_take(void);

#endif
