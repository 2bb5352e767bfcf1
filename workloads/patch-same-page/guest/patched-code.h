/* Code on a page of its own that may be written. */
#ifndef PATCHED_CODE_H
#define PATCHED_CODE_H

#include <stdint.h>

/* `patches` times: makes `sum` the immediate of an instruction beside it, executes that, and folds what it loaded and what is left to do. Returns the last sum. */
uint32_t patch_and_execute(uint32_t sum, uint32_t patches);

#endif
