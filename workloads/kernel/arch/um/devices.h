#ifndef UM_DEVICES_H
#define UM_DEVICES_H

#include "base/types.h"

void disk_install(void);
/* Descriptor 0 as it was found. */
void console_restore(void);
uint64_t file_bytes(int32_t file);

#endif
