/* Fills the file system from an archive. */
#ifndef FILES_ARCHIVE_H
#define FILES_ARCHIVE_H

#include "base/types.h"

/* Unpacks a newc cpio archive into the root directory; what is malformed ends it with a message and what was there stays. */
void archive_unpack(const uint8_t *bytes, uint32_t length);

#endif
