/* System calls at random: which, with what, and how one is made that may come back twice. */
#ifndef CALL_FUZZ_ARGUMENTS_H
#define CALL_FUZZ_ARGUMENTS_H

#include <stdint.h>

#define CALL_ARGUMENTS 6u

struct random_call {
  uint32_t number, arguments[CALL_ARGUMENTS];
};

/* Makes the area to which most pointers point; every process has its own. */
void arguments_prepare(uint32_t *random);

/* The next call; now and then it changes a word of the area, so that structures are plausible sometimes. */
void call_choose(struct random_call *call, uint32_t *random);

/* Makes a call. A new process that it gives birth to ends at once, without touching memory; of fork it goes on. */
int32_t call_make(const struct random_call *call);

#endif
