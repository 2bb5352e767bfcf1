/* The form of requests to the laboratory's own devices (docs/virtual-devices.md, section 2). */
#ifndef SHARED_SPACE_REQUEST_H
#define SHARED_SPACE_REQUEST_H

#include "base/types.h"

#define OPERATION_READ 1u
#define OPERATION_WRITE 2u
#define OPERATION_OPEN 3u
#define OPERATION_SIZE 4u
#define STATUS_PENDING 0u
#define STATUS_DONE 1u

struct request {
  uint32_t next, operation;
  volatile uint32_t status, transferred;
  uint32_t position, bytes, buffer, service;
} __attribute__((aligned(32)));

/* Channels of the console, a request's `position`. */
#define CHANNEL_SERIAL 0u
#define CHANNEL_HOST 1u

#endif
