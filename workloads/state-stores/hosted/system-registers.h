/* What the registers hold in a bare guest, from common/guest. */
#ifndef SYSTEM_REGISTERS_H
#define SYSTEM_REGISTERS_H

#include <stdint.h>

#include "selectors.h"

#define DESCRIPTOR_BYTES 8
#define GLOBAL_DESCRIPTORS 7
/* Low half of the CR0 that paging_enable loads: PE, MP, ET, NE. */
#define MACHINE_STATUS 0x33u

static inline uint32_t store_global_table(void) { return GLOBAL_DESCRIPTORS * DESCRIPTOR_BYTES - 1; }
static inline uint32_t store_interrupt_table(void) { return VECTORS * DESCRIPTOR_BYTES - 1; }
static inline uint32_t store_task(void) { return TASK_STATE; }
static inline uint32_t store_machine_status(void) { return MACHINE_STATUS; }

#endif
