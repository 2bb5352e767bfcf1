/* Guest time: ticks of the timer since the start, from a fixed date on, so that every run is the same. */
#ifndef PROCESS_TIME_H
#define PROCESS_TIME_H

#include "base/types.h"

struct moment {
  uint32_t seconds, nanoseconds;
};

/* 2000-01-01 00:00:00 UTC. */
#define BOOT_DATE 946684800u

/* Since the start. */
struct moment time_monotonic(void);
/* Since 1970. */
struct moment time_of_day(void);
/* The last tick's, which is enough for files. */
struct moment time_coarse(void);

/* A relative time from user memory (`wide`: 64-bit seconds) as the tick at which it is over. 0, -EFAULT or -EINVAL. */
int deadline_from_user(uint32_t from, bool wide, uint32_t *deadline);
int moment_to_user(uint32_t to, struct moment moment, bool wide);
int moment_from_user(uint32_t from, bool wide, struct moment *moment);
/* Rounded up to whole ticks, at most what a deadline can express. */
uint32_t ticks_of(struct moment duration);

#endif
