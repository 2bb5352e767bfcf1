/* Streams of a guest without a terminal: they lead to the program that started the machine (README.md, "Streams"). */
#ifndef DEVICES_HOST_STREAMS_H
#define DEVICES_HOST_STREAMS_H

#include "base/types.h"

bool host_input_has_room(void);
/* Takes a byte of the framed serial line. */
void host_input_take(uint8_t byte);

#endif
