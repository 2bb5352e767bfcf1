/* What a workload supplies. The guest's main and the hosted main both call it in this order. */
#ifndef WORKLOAD_H
#define WORKLOAD_H

#include <stdint.h>

/* Set-up outside the measured region, such as gates and page tables. Optional. */
void workload_prepare(void);

/* The measured region: does `scale` units of work (the unit is named in workload.json) and returns the checksum. */
uint32_t workload_run(uint32_t scale);

#endif
