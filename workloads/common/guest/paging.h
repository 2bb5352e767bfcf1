/* Page tables of the bare guests: one 4 KB page each, no 4 MB pages, no global pages. */
#ifndef PAGING_H
#define PAGING_H

#include <stdint.h>

#include "page-entry.h"

/*
 * Maps the image onto itself and turns paging on: code read-only, data writable, the user program's pages open to ring
 * 3, nothing else present.
 */
void paging_enable(void);

/* Makes `table`, which is one page, translate the TABLE_SPAN bytes from `linear`, a multiple of it. */
void page_table_attach(uint32_t linear, const uint32_t *table);

/* CR0 as paging_enable leaves it: PE, MP, ET, NE, WP, PG (Intel SDM vol. 3, 2.5). */
#define CONTROL_REGISTER_0 0x80010033u

#endif
