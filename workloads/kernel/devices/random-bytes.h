/* Random bytes that are the same in every run with the same seed. */
#ifndef DEVICES_RANDOM_BYTES_H
#define DEVICES_RANDOM_BYTES_H

#include "base/types.h"

void random_seed(uint32_t seed);
void random_fill(void *to, uint32_t bytes);

#endif
