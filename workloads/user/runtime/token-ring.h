/* lmbench's lat_ctx: processes in a ring of pipes; each hop of the token is a context switch. */
#ifndef TOKEN_RING_H
#define TOKEN_RING_H

#include <stdint.h>

/* Forks the other processes. `working_set` bytes, a multiple of 4, are summed at each hop; 0 for none. */
void ring_open(uint32_t processes, uint32_t working_set);

/* Sends the token on `hops` hops, rounded up to whole rounds, and returns what it has collected. */
uint32_t ring_run(uint32_t hops);

/* Ends the other processes. */
void ring_close(void);

#endif
